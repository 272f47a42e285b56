/**
 * Writes to a socket once for all that is said at the same moment. ioredis makes a system call of each command; but what
 * arrives from Redis in one piece answers many callers, and most of them ask for the next thing at once. Gathered, their
 * commands are one call here, and one read and one sync of the append-only file there: about a twentieth of all
 * processor time that a small job takes. (ioredis's `enableAutoPipelining` costs as much as it saves.)
 */
import type { Socket } from 'node:net'

/** Holds what is written until everything that runs now, promises' reactions included, has had its say. */
export function gatherWrites(socket: Socket): void {
  const write = socket.write as (...args: unknown[]) => boolean
  let gathering = false
  const release = () => {
    gathering = false
    socket.uncork()
  }
  socket.write = (...args: unknown[]) => {
    if (!gathering) {
      gathering = true
      socket.cork()
      process.nextTick(release)
    }
    return write.apply(socket, args)
  }
}
