/** The job's metadata as rows of a word and its value. */
import { byId, h } from './dom.js'

export function createMetadataFields() {
  const rows = byId('metadata', HTMLElement)

  function add() {
    const row = h(
      'div',
      { class: 'pair' },
      h('input', { 'aria-label': 'Name', placeholder: 'ticket', autocomplete: 'off', spellcheck: 'false' }),
      h('input', { 'aria-label': 'Value', placeholder: 'INC-42', autocomplete: 'off', spellcheck: 'false' }),
      h(
        'button',
        { class: 'remove', type: 'button', 'aria-label': 'Remove this entry', click: () => row.remove() },
        '×',
      ),
    )
    rows.append(row)
    return row
  }

  byId('metadata-add', HTMLButtonElement).addEventListener('click', () =>
    add().querySelector('input')?.focus(),
  )
  add()

  return {
    /** @returns {Record<string, string>} entries without a name are left out */
    read() {
      const entries = [...rows.children].map(row =>
        [...row.querySelectorAll('input')].map(input => input.value.trim()),
      )
      return Object.fromEntries(entries.filter(([name]) => name))
    },
    clear() {
      rows.replaceChildren()
      add()
    },
  }
}
