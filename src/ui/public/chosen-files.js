/** The files chosen for the next upload: dropped anywhere on the page, pasted, or picked. */
import { byId, h } from './dom.js'
import { bytes } from './format.js'

/**
 * @param {{ onChange: (files: readonly File[]) => void, onRefused: (sentence: string) => void }} handlers
 * @returns {{ files: () => readonly File[], clear: () => void, open: (open: boolean) => void }}
 *   `open(false)` while an upload runs: what is dropped then is refused with a sentence
 */
export function createChosenFiles({ onChange, onRefused }) {
  const drop = byId('drop', HTMLElement)
  const picker = byId('picker', HTMLInputElement)
  const list = byId('chosen', HTMLUListElement)
  /** @type {File[]} */
  let files = []
  let accepting = true

  /** @param {File[]} now */
  function set(now) {
    files = now
    list.replaceChildren(...files.map(row))
    list.hidden = files.length === 0
    drop.classList.toggle('small', files.length > 0)
    onChange(files)
  }

  /** @param {File} file @param {number} index */
  function row(file, index) {
    const remove = () => {
      set(files.filter(other => other !== file))
      const buttons = list.querySelectorAll('button')
      ;(buttons[Math.min(index, buttons.length - 1)] ?? picker).focus()
    }
    return h(
      'li',
      {},
      h('span', { class: 'name' }, file.name),
      h('span', { class: 'muted number' }, bytes(file.size)),
      h(
        'button',
        { class: 'remove', type: 'button', 'aria-label': `Leave out ${file.name}`, click: remove },
        '×',
      ),
    )
  }

  /** @param {Iterable<File>} added */
  function add(added) {
    const news = [...added]
    if (!accepting)
      return onRefused('An upload is under way. Drop these once it has ended, or cancel it first.')
    if (news.length > 0) set([...files, ...news])
  }

  picker.addEventListener('change', () => {
    add(picker.files ?? [])
    picker.value = ''
  })
  document.addEventListener('paste', event => add(event.clipboardData?.files ?? []))

  // The whole page takes drops: without this a file that misses the zone replaces the page in the browser.
  /** @param {DragEvent} event */
  const carriesFiles = event => event.dataTransfer?.types.includes('Files') ?? false
  document.addEventListener('dragover', event => {
    if (!carriesFiles(event)) return
    event.preventDefault()
    drop.classList.add('over')
  })
  document.addEventListener('dragleave', event => {
    if (!event.relatedTarget) drop.classList.remove('over')
  })
  document.addEventListener('drop', event => {
    if (!carriesFiles(event)) return
    event.preventDefault()
    drop.classList.remove('over')
    const { news, folders } = dropped(/** @type {DataTransfer} */ (event.dataTransfer))
    add(news)
    if (folders.length > 0)
      onRefused(`${folders.join(', ')}: a folder cannot be sent. Drop the files that are in it.`)
  })

  return {
    files: () => files,
    clear: () => set([]),
    open: open => {
      accepting = open
    },
  }
}

/** A folder looks like a file here, but reading it fails in the middle of the upload. @param {DataTransfer} data */
function dropped(data) {
  /** @type {File[]} */
  const news = []
  /** @type {string[]} */
  const folders = []
  for (const item of data.items) {
    const file = item.kind === 'file' ? item.getAsFile() : null
    if (!file) continue
    if (item.webkitGetAsEntry()?.isDirectory) folders.push(file.name)
    else news.push(file)
  }
  return { news, folders }
}
