/** The same from a shell: who does it once here does it a hundred times there. */
export interface UploadCommand {
  /** Names of files, as they lie in the current folder. */
  readonly files: readonly string[]
  readonly pipeline: string
  readonly priority: number
  readonly callbackUrl: string | null
  readonly metadata: Readonly<Record<string, unknown>>
}

/** What `POST /api/jobs` takes where nothing is said. */
export const DEFAULT_PIPELINE = 'log-analysis'

const KEY_HEADER = '-H "Authorization: Bearer $SLUICE_KEY"'

/** @param keys whether the service asks for one; it is taken from `$SLUICE_KEY` and never written out */
export function curlOfUpload(upload: UploadCommand, origin: string, keys: boolean): string {
  const { files, pipeline, priority, callbackUrl, metadata } = upload
  return [
    `curl ${origin}/api/jobs`,
    keys && KEY_HEADER,
    ...files.map(name => `-F ${quoted(`files=@${escaped(name)}`)}`),
    pipeline !== DEFAULT_PIPELINE && `-F ${quoted(`pipeline=${pipeline}`)}`,
    priority !== 0 && `-F priority=${priority}`,
    callbackUrl && `--form-string ${quoted(`callbackUrl=${callbackUrl}`)}`,
    Object.keys(metadata).length > 0 && `--form-string ${quoted(`metadata=${JSON.stringify(metadata)}`)}`,
  ]
    .filter(Boolean)
    .join(' \\\n  ')
}

/** @param path of the API, with its slash */
export function curlOf(path: string, origin: string, keys: boolean): string {
  return [`curl ${quoted(origin + path)}`, keys && KEY_HEADER].filter(Boolean).join(' \\\n  ')
}

/** In double quotes, where curl would take a part of the name for something else. */
function escaped(name: string): string {
  return /[;,"\\]/.test(name) ? `"${name.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"` : name
}

function quoted(text: string): string {
  return /^[\w./:=@%+-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`
}
