/** Content negotiation (RFC 9110, 12.5.1), as far as there is something to choose. */

/** How much a client wants a media type: 0 (not at all) … 1. The most specific range that fits it decides. */
export function quality(accept: string | undefined, type: string): number {
  if (accept === undefined || accept.trim() === '') return 1
  const family = `${type.slice(0, type.indexOf('/'))}/*`
  let best = { specificity: 0, q: 0 }
  for (const range of accept.split(',')) {
    const [name, ...parameters] = range.split(';').map(part => part.trim().toLowerCase())
    const specificity = name === type ? 3 : name === family ? 2 : name === '*/*' ? 1 : 0
    if (specificity <= best.specificity) continue
    const q = parameters.find(parameter => parameter.startsWith('q='))
    best = { specificity, q: q === undefined ? 1 : Number(q.slice(2)) || 0 }
  }
  return best.q
}

/** Whether the client asks for an event stream by name, rather than taking anything. */
export function prefersEventStream(accept: string | undefined): boolean {
  if (!accept?.toLowerCase().includes('text/event-stream')) return false
  const stream = quality(accept, 'text/event-stream')
  return stream > 0 && stream >= quality(accept, 'application/json')
}

/** What is for programs, whoever asks: a mistake there is told as everywhere in the API. */
const FOR_PROGRAMS = /^\/(api|admin|metrics|livez|readyz|ui|assets)(\/|$)/

/** Whether somebody went to an address with a browser, and wants to read what is there. */
export function isNavigation(method: string, path: string, accept: string | undefined): boolean {
  if (!['GET', 'HEAD'].includes(method) || FOR_PROGRAMS.test(path)) return false
  // By name: `*/*` is what programs send.
  return /\btext\/html\b/i.test(accept ?? '') && quality(accept, 'text/html') > 0
}
