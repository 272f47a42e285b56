/** Where a request comes from, as far as its connection tells. */
import type { Context } from 'hono'
import type { By } from '../jobs/audit.ts'
import type { Asked, Env } from './endpoint.ts'

export interface Client {
  readonly address: string | undefined
  /** Whether the browser came by TLS. */
  readonly secure: boolean
}

export function clientOf(c: Context<Env>): Client {
  const { socket } = c.env.incoming ?? {}
  return { address: socket?.remoteAddress, secure: socket !== undefined && 'encrypted' in socket }
}

/** Who does what is asked, for the audit log. */
export function by({ c, caller }: Pick<Asked<unknown, unknown>, 'c' | 'caller'>): By {
  return { actor: caller.name, address: clientOf(c).address }
}
