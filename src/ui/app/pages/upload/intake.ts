/**
 * Uppy, set up for this service: one draft an upload, its files sent resumably, submitted once the last one is there.
 *
 * It lives as long as the page is open, and not only while its form is looked at; a reload finds the files again, in
 * the browser's own store, and the bytes that arrived, at the service.
 */
import { Uppy } from '@uppy/core'
import GoldenRetriever from '@uppy/golden-retriever'
import Tus from '@uppy/tus'
import { signIn } from '../../service/call.ts'
import { abandon, DRAFT, draftOfFiles, isDraft, letGo, newKey, takeUp } from './draft.ts'
import { distinctNames } from './names.ts'
import { delayAfter, endWait, tellWait, type Wait, waiting, wakeAll } from './patience.ts'
import { isGone, isPassing, refusalIn, refusalOf, wordsOf } from './refused-upload.ts'
import { STORE } from './tab.ts'

interface FileMeta {
  [name: string]: unknown
  name?: string
  relativePath?: string | null
  jobId?: string
  /** Under which it is begun: where the answer to that is lost, it is not there twice. */
  key?: string
}
export type Intake = Uppy<FileMeta, Record<string, never>>

/** Uploads at once: a browser opens six connections to one host, and the page needs some, too. */
const AT_ONCE = 3
/**
 * In ms. Each is told when it is needed (the client reads it right after it has asked whether to go on), for the service
 * may say how long to wait. There are as many as come in a day: no draft lives longer. Only who ends an upload reads a
 * copy from its second attempt on, and waits as long as it says there.
 */
const retryDelays = new Array<number>(6_000).fill(15_000)
/** Under which the submission waits. */
export const SUBMIT = 'submit'
/** Whose a request is: who is asked about another attempt is not told. */
const fileOf = new WeakMap<object, string>()

export const intake: Intake = new Uppy<FileMeta, Record<string, never>>({ id: STORE })
  .use(Tus, {
    endpoint: '/api/uploads',
    limit: AT_ONCE,
    retryDelays,
    // A file knows its own upload. By its name and size it would find that of another draft, and be missing in this one.
    storeFingerprintForResuming: false,
    headers: ({ meta }): Record<string, string> => (meta.key ? { 'idempotency-key': String(meta.key) } : {}),
    // `name` and `type` are what Uppy makes the protocol's `filename` and `filetype` of.
    allowedMetaFields: ['jobId', 'name', 'type'],
    onBeforeRequest(request, { id }) {
      fileOf.set(request, id)
    },
    /** Without Uppy's own answer, by which a file that waits leaves its place to the next: all of them would ask at once. */
    onShouldRetry(error, attempt) {
      const refusal = refusalOf(error)
      if (refusal.status === 401) signIn()
      if (!isPassing(refusal)) return false
      const id = fileOf.get(error.originalRequest)
      // One that was taken out is only to be ended.
      const isHere = id !== undefined && intake.getFile(id)
      retryDelays[attempt] = isHere ? tellWait(id, refusal, attempt) : delayAfter(refusal, attempt)
      return true
    },
    onAfterResponse(request, response) {
      const status = response.getStatus()
      if (status < 400) endWait(fileOf.get(request) ?? '')
      // The client would begin a second upload where the first cannot be asked for, and the first keep its place.
      else if (request.getMethod() === 'HEAD' && status !== 404) throw refusalIn(response)
    },
    onError(error) {
      const refusal = refusalOf(error)
      error.message = wordsOf(refusal)
      if (isGone(refusal)) gone = true
    },
  })
  .use(GoldenRetriever)

/** Whether the draft was found to be no more. */
let gone = false

intake.addPreProcessor(async ids => {
  const jobId = await draftOfFiles()
  // Cancelled meanwhile; what is here by now waits for another draft.
  if (!isDraft(jobId)) return
  for (const { id, meta } of intake.getFiles()) {
    if (!ids.includes(id)) continue
    const isSame = meta.jobId === jobId
    // What was begun for another draft stays with that.
    if (meta.jobId && !isSame) intake.setFileState(id, { tus: {} })
    intake.setFileMeta(id, { jobId, key: (isSame && meta.key) || newKey() })
  }
})
intake.on('files-added', () => {
  const files = intake.getFiles()
  const names = distinctNames(
    files.map(({ id, name = '', meta }) => ({ id, name, path: meta.relativePath ?? null })),
  )
  for (const { id, meta, progress } of files) {
    const name = names.get(id)!
    if (!progress.uploadStarted && meta.name !== name) intake.setFileMeta(id, { name })
  }
})
intake.on('restored', () => {
  for (const { meta } of intake.getFiles()) if (meta.jobId) takeUp(meta.jobId)
})
intake.on('file-removed', ({ id }) => {
  endWait(id)
  if (intake.getFiles().length === 0) abandon()
})
intake.on('upload-error', file => file && endWait(file.id))
intake.on('upload-pause', file => {
  // That of `tryNow` is over by then: what it tries goes on being told, under the hand that pressed.
  queueMicrotask(() => file && intake.getFile(file.id)?.isPaused && endWait(file.id))
})
intake.on('pause-all', () => {
  for (const { id } of intake.getFiles()) endWait(id)
})
addEventListener('online', tryNow)

/** Tries again at once whatever waits for the service. */
export function tryNow(): void {
  wakeAll()
  for (const id of waitingFiles()) {
    // Uppy has no other word for it.
    intake.pauseResume(id)
    intake.pauseResume(id)
  }
}

function waitingFiles(): string[] {
  return [...waiting().keys()].filter(id => intake.getFile(id))
}

/**
 * What keeps the upload from going on: not a file that waits while others are sent.
 *
 * @returns the one that ends first
 */
export function stalledBy(waits: ReadonlyMap<string, Wait>): Wait | null {
  const inHand = intake
    .getFiles()
    .filter(
      ({ progress, error, isPaused }) =>
        progress.uploadStarted && !progress.uploadComplete && !error && !isPaused,
    )
  const files = inHand.filter(({ id }) => waits.has(id))
  const stalled =
    files.length > 0 && files.length >= Math.min(AT_ONCE, inHand.length) ? files.map(({ id }) => id) : []
  const [first = null] = [DRAFT, SUBMIT, ...stalled]
    .flatMap(name => waits.get(name) ?? [])
    .sort((one, other) => one.until - other.until)
  return first
}

export function watchUppy(changed: () => void): () => void {
  intake.on('state-update', changed)
  return () => void intake.off('state-update', changed)
}

/** The draft that the files are for, once there is one; of two, the one that still takes files. */
export function jobOf(uppy: Intake): string | null {
  const ids = uppy.getFiles().flatMap(({ meta }) => meta.jobId ?? [])
  return ids.find(isDraft) ?? ids[0] ?? null
}

export function filesOf(jobId: string): string[] {
  return intake.getFiles().flatMap(({ id, meta }) => (meta.jobId === jobId ? [id] : []))
}

/**
 * Where the draft was gone, its files are here as if they had just been chosen.
 *
 * @returns the names of those that are to be chosen again, for they had arrived before a reload; null where it is there
 */
export function beganAnew(): string[] | null {
  if (!gone) return null
  gone = false
  const ids = filesOf(jobOf(intake) ?? '')
  letGo()
  const files = intake.getFilesByIds(ids)
  intake.removeFiles(ids)
  intake.setState({ error: null })
  intake.addFiles(
    files.flatMap(({ name, type, data, meta: { relativePath } }) =>
      data instanceof Blob ? [{ name, type, data, meta: { relativePath: relativePath ?? null } }] : [],
    ),
  )
  return files.flatMap(({ name = '', data, meta }) => (data instanceof Blob ? [] : [meta.name ?? name]))
}

export function isUnderWay(): boolean {
  return Object.keys(intake.getState().currentUploads).length > 0
}
