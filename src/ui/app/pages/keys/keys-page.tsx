/** Who may come in: API keys, making one, revoking one. */
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { KeyRound, LockOpen, Plus } from 'lucide-react'
import { useState } from 'react'
import type { ApiKey, NewApiKey } from '../../contract.ts'
import { capital } from '../../format.ts'
import { Button } from '../../parts/button.tsx'
import { useNotices } from '../../parts/notices.tsx'
import { OnlyFor } from '../../parts/only-for.tsx'
import { Card, Empty, Page, RefusalNote } from '../../parts/page.tsx'
import { ShownOnce } from '../../parts/shown-once.tsx'
import { Table } from '../../parts/table.tsx'
import { Time } from '../../parts/time.tsx'
import { call, signIn, signInWith } from '../../service/call.ts'
import { useSession } from '../../service/session.ts'
import { KeyForm } from './key-form.tsx'
import styles from './keys-page.module.css'
import { Revoke } from './revoke.tsx'

export default function KeysPage() {
  return (
    <OnlyFor right="administer" title="Keys">
      <Keys />
    </OnlyFor>
  )
}

function Keys() {
  const { session } = useSession()
  const queries = useQueryClient()
  const notices = useNotices()
  const [making, setMaking] = useState(false)
  const [made, setMade] = useState<NewApiKey | null>(null)
  const [revoking, setRevoking] = useState<ApiKey | null>(null)
  const list = useQuery({
    queryKey: ['keys'],
    queryFn: async ({ signal }) => (await call<{ items: ApiKey[] }>('GET', '/api/keys', { signal })).items,
    // Nothing that may lead to the login page is asked while a key is shown that nobody sees again.
    enabled: made === null,
  })
  const { data: keys, error, refetch } = list
  const first = session?.keys === false
  const changed = () => queries.invalidateQueries({ queryKey: ['keys'] })

  const make = useMutation({
    async mutationFn(wanted: { name: string; role: ApiKey['role'] }) {
      const key = await call<NewApiKey>('POST', '/api/keys', { body: wanted })
      // The first key shuts the service at once. Signed in with it, this page goes on, and its maker can make another
      // should they lose it; otherwise the next request would lead to the login page, away from the key.
      if (first) await signInWith(key.key).catch(notices.failed)
      return key
    },
    onSuccess(key) {
      setMaking(false)
      setMade(key)
    },
  })
  const kept = async () => {
    setMade(null)
    await changed()
    await queries.invalidateQueries({ queryKey: ['session'] })
  }

  return (
    <Page
      title="Keys"
      actions={
        !first && (
          <Button kind="primary" onClick={() => setMaking(true)}>
            <Plus size={16} aria-hidden />
            New key
          </Button>
        )
      }
    >
      <RefusalNote error={error} retry={refetch} />
      {!keys && !error && <p className="muted">Loading…</p>}
      {keys && (
        <Card aria-label="List of keys">
          {keys.length === 0 ? (
            <Open onMake={() => setMaking(true)} />
          ) : (
            <KeyTable keys={keys} own={session?.name} onRevoke={setRevoking} />
          )}
        </Card>
      )}
      <KeyForm open={making} onClose={() => setMaking(false)} first={first} make={make} />
      <Revoke
        apiKey={revoking}
        own={revoking?.name === session?.name}
        onClose={() => setRevoking(null)}
        onRevoked={async ({ name }) => {
          setRevoking(null)
          if (name === session?.name) signIn()
          else {
            notices.done(`Revoked the key “${name}”.`)
            await changed()
          }
        }}
      />
      <ShownOnce
        secret={made?.key ?? null}
        title={made ? `The key of “${made.name}”` : ''}
        label="API key"
        onKept={kept}
      >
        <p>
          Copy it now, to where it is kept safely: <strong>it is shown this once</strong>, and nobody can look
          it up later. Whoever has it may do what the role {made?.role} may.
        </p>
        {first && (
          <p>
            From now on the service wants a key from everybody. This browser is signed in with this one; every
            other needs a key of its own.
          </p>
        )}
      </ShownOnce>
    </Page>
  )
}

/** No key is set: what that means, and what the first one changes. */
function Open({ onMake }: { onMake: () => void }) {
  return (
    <Empty icon={<LockOpen size={34} aria-hidden />} title="No key is set: the service is open">
      <p>
        Whoever is on this machine may do everything, without signing in. For that reason the service answers
        to nobody else.
      </p>
      <p>
        The first key shuts it at once: from then on everybody needs a key, people in their browser and
        programs with each request. It must be an admin’s, so that there is somebody to make others.
      </p>
      <Button kind="primary" onClick={onMake}>
        <KeyRound size={16} aria-hidden />
        Make the first key
      </Button>
    </Empty>
  )
}

interface TableProps {
  keys: readonly ApiKey[]
  /** The name of the key that the reader is signed in with. */
  own: string | undefined
  onRevoke: (key: ApiKey) => void
}

function KeyTable({ keys, own, onRevoke }: TableProps) {
  return (
    <>
      <Table label="Keys">
        <thead>
          <tr>
            <th>Name</th>
            <th className={styles.wide}>Role</th>
            <th className={styles.wide}>Source</th>
            <th className={styles.wide}>Made</th>
            <th>Last used</th>
            <th>
              <span className="visually-hidden">Revoke</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {keys.map(key => (
            <tr key={key.id}>
              <td>
                <span className={styles.name}>{key.name}</span>
                {key.name === own && <small className={styles.own}>you</small>}
                <small className={styles.narrow}>{capital(key.role)}</small>
              </td>
              <td className={styles.wide}>{capital(key.role)}</td>
              <td className={styles.wide}>
                {key.source === 'environment' ? 'The environment' : 'Made at run time'}
              </td>
              <td className={styles.wide}>{key.createdAt && <Time at={key.createdAt} />}</td>
              <td>
                {key.lastUsedAt ? (
                  <Time at={key.lastUsedAt} style="ago" />
                ) : (
                  <span className="muted">never</span>
                )}
              </td>
              <td data-number>
                {key.source === 'run-time' && (
                  <Button
                    kind="danger"
                    small
                    aria-label={`Revoke ${key.name}…`}
                    onClick={() => onRevoke(key)}
                  >
                    Revoke…
                  </Button>
                )}
              </td>
            </tr>
          ))}
        </tbody>
      </Table>
      {keys.some(({ source }) => source === 'environment') && (
        <p className={styles.note}>
          Keys of the environment cannot be revoked here: take them out of <code>SLUICE_API_KEYS</code>, and
          start the service again.
        </p>
      )}
    </>
  )
}
