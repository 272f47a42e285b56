/** The protocol's own client, `tus-js-client`, as a test drives it. */
import { type HttpRequest, Upload, type UploadOptions } from 'tus-js-client'

export interface Resumable {
  /** Where the upload is, by path; resolves when it was made. */
  readonly made: Promise<string>
  /** Resolves when its client believes it is complete; rejects with the client's own error. */
  readonly done: Promise<void>
  /** Resolves when so many bytes were acknowledged. */
  acknowledged(bytes: number): Promise<void>
  /** As a client that dies: the request under way is cut, and nothing is said. */
  abort(): Promise<void>
}

/**
 * @param url of the API. @param options the client's own; one that gives up at the first error unless it is given
 * `retryDelays`. @param at the path of an upload that is to be resumed.
 */
export function resumable(
  url: string,
  bytes: Buffer,
  options: Partial<UploadOptions> = {},
  at?: string,
): Resumable {
  const done = Promise.withResolvers<void>()
  done.promise.catch(() => undefined)
  const made = Promise.withResolvers<string>()
  let acknowledged = 0
  const waiting = new Set<() => void>()
  const upload: Upload = new Upload(bytes as never, {
    endpoint: `${url}/api/uploads`,
    uploadUrl: at === undefined ? null : new URL(at, url).href,
    chunkSize: 1024 * 1024,
    retryDelays: null,
    storeFingerprintForResuming: false,
    ...options,
    onUploadUrlAvailable: () => made.resolve(new URL(upload.url!).pathname),
    onChunkComplete: (_size, accepted) => {
      acknowledged = accepted
      for (const look of waiting) look()
    },
    onSuccess: () => done.resolve(),
    onError: error => done.reject(error),
  })
  upload.start()
  return {
    made: made.promise,
    done: done.promise,
    acknowledged: wanted =>
      new Promise(resolve => {
        const look = () => {
          if (acknowledged < wanted) return
          waiting.delete(look)
          resolve()
        }
        waiting.add(look)
        look()
      }),
    abort: () => upload.abort(),
  }
}

/** Adds a header to each request of a client. */
export function withHeader(name: string, value: string): Pick<UploadOptions, 'onBeforeRequest'> {
  return { onBeforeRequest: (request: HttpRequest) => request.setHeader(name, value) }
}
