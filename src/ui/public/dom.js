/**
 * Making elements. Every string becomes a text node or an attribute, never markup: names come from strangers.
 */

/** @typedef {Node | string | null | undefined | false} Child */

/**
 * @template {keyof HTMLElementTagNameMap} Tag
 * @param {Tag} tag
 * @param {Record<string, string | number | boolean | null | undefined | ((event: any) => void)>} [attributes]
 *   A function is listened with (`click`, `submit`, …); `true` is an empty attribute; null, undefined and false are none.
 * @param {...Child} children
 * @returns {HTMLElementTagNameMap[Tag]}
 */
export function h(tag, attributes = {}, ...children) {
  const element = document.createElement(tag)
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === 'function') element.addEventListener(name, value)
    else if (value === true) element.setAttribute(name, '')
    else if (value !== null && value !== undefined && value !== false)
      element.setAttribute(name, String(value))
  }
  element.append(...present(children))
  return element
}

/**
 * @param {readonly Child[]} children
 * @returns {(Node | string)[]}
 */
export function present(children) {
  return /** @type {(Node | string)[]} */ (
    children.filter(child => child !== null && child !== undefined && child !== false)
  )
}

/**
 * An element of the shell.
 *
 * @template {HTMLElement} T
 * @param {string} id
 * @param {new () => T} kind
 * @returns {T}
 */
export function byId(id, kind) {
  const element = document.getElementById(id)
  if (!(element instanceof kind)) throw new Error(`The shell has no ${kind.name} "${id}"`)
  return element
}

/**
 * Writes text only where it differs, so that a selection in it, and a screen reader's place, survive live updates.
 *
 * @param {Element} element
 * @param {string} text
 */
export function say(element, text) {
  if (element.textContent !== text) element.textContent = text
}

/**
 * Tells those who cannot see the page what just happened. For moments, not for progress.
 *
 * @param {string} sentence
 */
export function announce(sentence) {
  byId('announcer', HTMLElement).textContent = sentence
}

/**
 * A part of a page that is drawn anew only when what it shows has changed: the focus and a selection inside stay.
 *
 * @template T
 * @param {HTMLElement} element
 * @param {(shown: T) => readonly Child[]} draw
 * @returns {(shown: T) => void}
 */
export function part(element, draw) {
  let last = ''
  return shown => {
    const now = JSON.stringify(shown)
    if (now === last) return
    last = now
    const held = element.contains(document.activeElement)
    const children = present(draw(shown))
    element.replaceChildren(...children)
    element.hidden = children.length === 0
    if (held) document.querySelector('h1')?.focus()
  }
}

/**
 * Asks before what cannot be undone. Resolves to false when the dialog is left in any other way than by its button.
 *
 * @param {{ title: string, text: string, action: string }} question
 * @returns {Promise<boolean>}
 */
export function confirmed({ title, text, action }) {
  const { promise, resolve } = Promise.withResolvers()
  const dialog = h(
    'dialog',
    { 'aria-labelledby': 'confirm-title', 'aria-describedby': 'confirm-text' },
    h(
      'form',
      { method: 'dialog' },
      h('h2', { id: 'confirm-title' }, title),
      h('p', { id: 'confirm-text' }, text),
      h(
        'p',
        { class: 'actions' },
        h('button', { class: 'button quiet', value: '', autofocus: true }, 'Keep it'),
        h('button', { class: 'button danger', value: 'yes' }, action),
      ),
    ),
  )
  dialog.addEventListener('close', () => {
    dialog.remove()
    resolve(dialog.returnValue === 'yes')
  })
  document.body.append(dialog)
  dialog.showModal()
  return promise
}
