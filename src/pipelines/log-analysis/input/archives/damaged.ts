/**
 * An archive that cannot be unpacked as it says: broken, encrypted, or untrue. The message goes on behind its name, and
 * holds nothing of what is in it.
 */
export class Damaged extends Error {
  override readonly name = 'Damaged'
}
