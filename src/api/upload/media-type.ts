/** Media types that are shown again: everything else is what a client may call anything. */
const MEDIA_TYPE = /^[\w!#$&^.+-]{1,63}\/[\w!#$&^.+-]{1,63}$/

/** What the client declared, where it is one. */
export function mediaType(declared: string): string {
  return MEDIA_TYPE.test(declared) ? declared : 'application/octet-stream'
}
