/** Which jobs the list shows. The address holds the choice, in the words of the API: it can be kept and shared. */
import { byId, h } from './dom.js'

/** @import { Status } from './api.js' */

/** @type {readonly { label: string, statuses: readonly Status[] }[]} */
const CHOICES = [
  { label: 'All', statuses: [] },
  { label: 'In progress', statuses: ['attaching', 'pending', 'processing'] },
  { label: 'Completed', statuses: ['completed'] },
  { label: 'Failed', statuses: ['failed'] },
  { label: 'Cancelled', statuses: ['cancelled'] },
  { label: 'Draft', statuses: ['draft'] },
]

/** @returns {readonly string[]} the statuses wanted; none means all */
export function wanted() {
  return new URLSearchParams(location.search).getAll('status')
}

/** @param {() => void} onChange called once the address says what was chosen */
export function drawFilter(onChange) {
  const now = wanted().toString()
  const choices = CHOICES.map(({ label, statuses }) => {
    const choose = () => {
      const query = new URLSearchParams(statuses.map(status => ['status', status])).toString()
      history.replaceState(null, '', query ? `/?${query}` : '/')
      onChange()
    }
    const checked = statuses.toString() === now
    return h(
      'label',
      {},
      h('input', { type: 'radio', name: 'show', checked, change: choose }),
      h('span', {}, label),
    )
  })
  byId('filter', HTMLFieldSetElement).replaceChildren(
    h('legend', { class: 'unseen' }, 'Show jobs that are'),
    ...choices,
  )
}
