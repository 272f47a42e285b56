/** What the usual stack's two processes agree on. */
export const QUEUE = 'uploads'

export interface UsualJob {
  readonly files: readonly { readonly path: string; readonly name: string }[]
  readonly callbackUrl: string
}
