/** One entry of the audit log, and what more is known of it, once it is opened. */
import { ChevronDown, ChevronRight } from 'lucide-react'
import { useId, useState } from 'react'
import { Link } from 'wouter'
import type { AuditEntry } from '../../contract.ts'
import { plain } from '../../format.ts'
import { Button } from '../../parts/button.tsx'
import { Fact, Facts } from '../../parts/facts.tsx'
import { Badge } from '../../parts/status.tsx'
import { Time } from '../../parts/time.tsx'
import { ACTIONS, pageOf } from './actions.ts'
import styles from './audit-page.module.css'

/** Who is no key: what the name means. */
const NO_KEY: Readonly<Record<string, string>> = {
  anonymous: 'Whoever was on this machine while no key was set',
  nobody: 'Somebody without a key that is known',
  operator: 'Whoever runs the service, at its command line',
  service: 'The service itself',
}

export function EntryRows({ entry, onActor }: { entry: AuditEntry; onActor: (actor: string) => void }) {
  const { at, actor, action, outcome, address } = entry
  const [open, setOpen] = useState(false)
  const detailsId = useId()
  const words = outcome === 'refused' && action === 'login' ? 'Tried to sign in' : ACTIONS[action].words
  return (
    <>
      <tr>
        <td className={styles.when}>
          <Time at={at} />
        </td>
        <td>
          <button
            type="button"
            className={styles.actor}
            title={NO_KEY[actor] ?? `Show only what ${actor} did`}
            onClick={() => onActor(actor)}
          >
            {actor}
          </button>
        </td>
        <td>
          {words} {outcome === 'refused' && <Badge tone="bad">Refused</Badge>}
        </td>
        <td className={styles.wide}>
          <Target entry={entry} />
        </td>
        <td className={styles.widest}>{address && <code>{address}</code>}</td>
        <td data-number>
          <Button
            kind="quiet"
            small
            aria-expanded={open}
            aria-controls={open ? detailsId : undefined}
            aria-label={`Details of “${words}” by ${actor}`}
            onClick={() => setOpen(!open)}
          >
            {open ? <ChevronDown size={16} aria-hidden /> : <ChevronRight size={16} aria-hidden />}
          </Button>
        </td>
      </tr>
      {open && (
        <tr id={detailsId} className={styles.details}>
          <td colSpan={6}>
            <Details entry={entry} />
          </td>
        </tr>
      )}
    </>
  )
}

/** By its name, where the entry has one: ids say little to people. */
function Target({ entry }: { entry: AuditEntry }) {
  const { target, details } = entry
  const page = pageOf(entry)
  const words = typeof details.name === 'string' ? details.name : target
  // Who signs in is told by their name already.
  if (!words || entry.action === 'login') return null
  return page ? (
    <Link href={page} className={styles.target} title={target}>
      {words}
    </Link>
  ) : (
    <span className={styles.target} title={target}>
      {words}
    </span>
  )
}

function Details({ entry }: { entry: AuditEntry }) {
  const { id, at, action, target, address, details } = entry
  const page = pageOf(entry)
  return (
    <Facts>
      <Fact name="Time in UTC">
        <code>{at}</code>
      </Fact>
      <Fact name="Action">
        <code>{action}</code>
      </Fact>
      {target && (
        <Fact name="Target">{page ? <Link href={page}>{target}</Link> : <code>{target}</code>}</Fact>
      )}
      {address && (
        <Fact name="Address">
          <code>{address}</code>
        </Fact>
      )}
      {Object.entries(details).map(([name, value]) => (
        <Fact key={name} name={name}>
          <code>{plain(value)}</code>
        </Fact>
      ))}
      <Fact name="Entry">
        <code>{id}</code>
      </Fact>
    </Facts>
  )
}
