/** What a comparison found, ready to be shown. */
export interface Verdict {
  readonly title: string
  /** Markdown. */
  readonly tables: readonly string[]
  readonly floors: readonly { readonly met: boolean; readonly text: string }[]
}
