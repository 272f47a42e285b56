/** The upload form: from chosen files to the job that was made of them. */

import { call, Problem } from './api.js'
import { createChosenFiles } from './chosen-files.js'
import { announce, byId, h, say } from './dom.js'
import { bytes, capital, counted, duration } from './format.js'
import { createMetadataFields } from './metadata-fields.js'
import { upload } from './upload.js'

/** @import { Job } from './api.js' */
/** @import { Sent } from './upload.js' */

/** Where a refusal belongs that names no field itself, by its code. @type {Record<string, string>} */
const PLACE = {
  'callback-url-not-allowed': 'callbackUrl',
  'unknown-pipeline': 'pipeline',
  'file-too-large': 'files',
  'too-many-files': 'files',
  'no-files': 'files',
  'checksum-mismatch': 'files',
  'field-too-large': 'metadata',
}
const FIELDS = ['files', 'pipeline', 'callbackUrl', 'priority', 'metadata']

/** @param {(job: Job) => void} onJob */
export function createUploadForm(onJob) {
  const form = byId('upload', HTMLFormElement)
  const choices = byId('choices', HTMLElement)
  const sending = byId('sending', HTMLElement)
  const formError = byId('form-error', HTMLElement)
  const metadata = createMetadataFields()
  const chosen = createChosenFiles({
    onChange(files) {
      choices.hidden = files.length === 0
      say(byId('total', HTMLElement), `${counted(files.length, 'file')}, ${bytes(sum(files))}`)
      if (files.length > 0) clearErrors()
    },
    onRefused: sentence => showAt('files', sentence),
  })

  /** @param {string} place one of FIELDS, or anything else for the whole form @param {string} sentence */
  function showAt(place, sentence) {
    if (!FIELDS.includes(place)) {
      formError.hidden = false
      return say(formError, sentence)
    }
    say(byId(`${place}-error`, HTMLElement), sentence)
    const field = form.elements.namedItem(place)
    if (field instanceof HTMLInputElement) field.setAttribute('aria-invalid', 'true')
    if (['callbackUrl', 'priority', 'metadata'].includes(place))
      byId('options', HTMLDetailsElement).open = true
    if (field instanceof HTMLInputElement) field.focus()
  }

  function clearErrors() {
    formError.hidden = true
    for (const place of FIELDS) say(byId(`${place}-error`, HTMLElement), '')
    for (const field of form.querySelectorAll('[aria-invalid]')) field.removeAttribute('aria-invalid')
  }

  /** @param {Problem} problem */
  function showProblem(problem) {
    const placed = problem.errors.map(({ pointer, parameter, message }) => ({
      place: parameter ?? pointer?.split('/')[1] ?? '',
      sentence: `${capital(message)}${/[.!?]$/.test(message) ? '' : '.'}`,
    }))
    // The first one last, for it gets the focus.
    for (const { place, sentence } of placed.toReversed()) {
      showAt(place, FIELDS.includes(place) ? sentence : problem.message)
    }
    if (placed.length === 0) showAt(PLACE[problem.code] ?? '', problem.message)
    if (problem.requestId) say(formError, `${problem.message} (request ${problem.requestId})`)
  }

  function filledIn() {
    const data = new FormData()
    const fields = new FormData(form)
    for (const name of ['pipeline', 'callbackUrl', 'priority']) {
      const value = String(fields.get(name) ?? '').trim()
      if (value) data.append(name, value)
    }
    const words = metadata.read()
    if (Object.keys(words).length > 0) data.append('metadata', JSON.stringify(words))
    // Last: a refusal of a field is then known before the bytes have travelled.
    for (const file of chosen.files()) data.append('files', file, file.name)
    return data
  }

  form.addEventListener('submit', async event => {
    event.preventDefault()
    clearErrors()
    if (chosen.files().length === 0) return showAt('files', 'Choose at least one file first.')
    const progress = createProgress(chosen.files())
    const running = upload(filledIn(), progress.show)
    const cancel = () => running.cancel()
    setSending(true)
    byId('sending-cancel', HTMLButtonElement).addEventListener('click', cancel)
    try {
      const job = await running.job
      announce('Upload complete.')
      chosen.clear()
      metadata.clear()
      form.reset()
      onJob(job)
    } catch (error) {
      const problem = error instanceof Problem ? error : new Problem(0, { detail: String(error) })
      if (problem.code !== 'cancelled') showProblem(problem)
      announce(problem.message)
    } finally {
      byId('sending-cancel', HTMLButtonElement).removeEventListener('click', cancel)
      setSending(false)
    }
  })

  /** @param {boolean} now */
  function setSending(now) {
    chosen.open(!now)
    sending.hidden = !now
    choices.hidden = now || chosen.files().length === 0
    for (const id of ['drop', 'chosen']) byId(id, HTMLElement).inert = now
    if (now) window.addEventListener('beforeunload', askToStay)
    else window.removeEventListener('beforeunload', askToStay)
    if (now) byId('sending-cancel', HTMLButtonElement).focus()
  }

  loadPipelines(problem => showAt('pipeline', problem.message))
}

/** @param {BeforeUnloadEvent} event */
function askToStay(event) {
  event.preventDefault()
}

/** @param {readonly File[]} files */
function createProgress(files) {
  const bar = byId('sending-bar', HTMLProgressElement)
  const what = byId('sending-what', HTMLElement)
  const percent = byId('sending-percent', HTMLElement)
  const rateLine = byId('sending-rate', HTMLElement)
  bar.value = 0
  say(what, `Uploading ${files.length === 1 ? files[0]?.name : counted(files.length, 'file')}`)
  say(percent, '0 %')
  say(rateLine, `0 of ${bytes(sum(files))}`)
  return {
    /** @param {Sent} sent */
    show({ sent, total, rate }) {
      bar.value = total === 0 ? 100 : (sent / total) * 100
      say(percent, `${Math.floor(bar.value)} %`)
      // Every byte has left, but until the answer nothing is promised: they are being synced to disk.
      if (sent === total) return say(rateLine, 'Making sure that every byte is stored…')
      const left = rate
        ? `, ${bytes(rate)}/s, ${duration(Math.ceil((total - sent) / rate) * 1000).replace('.0', '')} left`
        : ''
      say(rateLine, `${bytes(sent)} of ${bytes(total)}${left}`)
    },
  }
}

/** @param {(problem: Problem) => void} onProblem */
async function loadPipelines(onProblem) {
  try {
    /** @type {{ items: { name: string, description: string }[] }} */
    const { items } = await call('GET', '/api/pipelines')
    const standard = Math.max(
      0,
      items.findIndex(({ name }) => name === 'log-analysis'),
    )
    const choices = items.map((pipeline, index) =>
      h(
        'label',
        {},
        h('input', { type: 'radio', name: 'pipeline', value: pipeline.name, checked: index === standard }),
        h('span', {}, h('strong', {}, pipeline.name), h('span', { class: 'hint' }, pipeline.description)),
      ),
    )
    byId('pipelines', HTMLFieldSetElement).append(...choices)
  } catch (error) {
    // The service has a default: an upload works without this choice.
    onProblem(/** @type {Problem} */ (error))
  }
}

/** @param {readonly File[]} files */
function sum(files) {
  return files.reduce((total, file) => total + file.size, 0)
}
