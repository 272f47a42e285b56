/** Making an endpoint, whose secret is then shown once, and changing one. */
import { useMutation } from '@tanstack/react-query'
import { type FormEvent, useEffect, useId, useState } from 'react'
import { useLocation } from 'wouter'
import type { NewWebhook, Webhook } from '../../contract.ts'
import { Button } from '../../parts/button.tsx'
import { Dialog } from '../../parts/dialog.tsx'
import { TextField } from '../../parts/field.tsx'
import { RefusalNote } from '../../parts/page.tsx'
import { call } from '../../service/call.ts'
import { useCallbacksChanged, webhookPath } from '../../service/callbacks.ts'
import { faultsOf } from '../../service/faults.ts'
import styles from './endpoint-form.module.css'
import { EndpointSecret } from './endpoint-secret.tsx'
import { type EndpointEvent, EVENT_WORDS, GROUPED } from './event-types.ts'

interface Settings {
  readonly url: string
  readonly description: string
  readonly events: readonly EndpointEvent[]
}

/** What most want: how each job ends. */
const USUAL: Settings = { url: '', description: '', events: ['job.completed', 'job.failed', 'job.cancelled'] }

interface Props {
  open: boolean
  onClose: () => void
  /** The endpoint to change; without, one is made. */
  webhook?: Webhook
}

export function EndpointForm({ open, onClose, webhook }: Props) {
  const before: Settings = webhook ?? USUAL
  const [settings, setSettings] = useState(before)
  const [made, setMade] = useState<NewWebhook | null>(null)
  const [, navigate] = useLocation()
  const changed = useCallbacksChanged()
  const form = useId()
  const { mutate, isPending, error, reset } = useMutation({
    mutationFn: () => save(webhook, settings),
    onSuccess: answer => {
      setMade(answer)
      onClose()
      return changed()
    },
  })
  // biome-ignore lint/correctness/useExhaustiveDependencies: each opening begins with the endpoint as it is then.
  useEffect(() => {
    if (!open) return
    setSettings(before)
    reset()
  }, [open])

  const faults = faultsOf(error, { 'callback-url-not-allowed': 'url' })
  const submit = (event: FormEvent) => {
    event.preventDefault()
    mutate()
  }
  return (
    <>
      <Dialog
        open={open}
        onClose={onClose}
        wide
        title={webhook ? 'Change the endpoint' : 'New endpoint'}
        buttons={
          <>
            <Button onClick={onClose}>Cancel</Button>
            <Button kind="primary" type="submit" form={form} disabled={isPending}>
              {webhook ? 'Save' : 'Make the endpoint'}
            </Button>
          </>
        }
      >
        <form id={form} className={styles.form} onSubmit={submit} noValidate>
          <RefusalNote error={faults.rest} />
          <TextField
            label="URL"
            type="url"
            inputMode="url"
            autoComplete="off"
            placeholder="https://example.com/hook"
            hint="Gets a signed POST for each event. Public addresses only, unless the operator permits others."
            error={faults.at.url}
            value={settings.url}
            onChange={event => setSettings({ ...settings, url: event.target.value.trim() })}
          />
          <TextField
            label="Description"
            placeholder="Tickets, on-call chat…"
            hint="What you will call it here. May be empty."
            maxLength={500}
            error={faults.at.description}
            value={settings.description}
            onChange={event => setSettings({ ...settings, description: event.target.value })}
          />
          <Events
            chosen={settings.events}
            onChange={events => setSettings({ ...settings, events })}
            error={faults.at.events}
          />
        </form>
      </Dialog>
      <EndpointSecret
        webhook={made}
        title="The endpoint’s secret"
        onKept={() => {
          setMade(null)
          if (made) navigate(`/callbacks/endpoints/${encodeURIComponent(made.id)}`)
        }}
      />
    </>
  )
}

/** @returns the endpoint that was made, or null where one was changed */
async function save(webhook: Webhook | undefined, settings: Settings): Promise<NewWebhook | null> {
  if (!webhook) return call<NewWebhook>('POST', '/api/webhooks', { body: settings })
  const body = differences(webhook, settings)
  if (Object.keys(body).length > 0) await call('PATCH', webhookPath(webhook.id), { body })
  return null
}

/** Only what changed is sent: a URL that is not touched need not be allowed any more. */
function differences(webhook: Webhook, settings: Settings): Partial<Settings> {
  const { url, description, events } = settings
  const sameEvents =
    events.length === webhook.events.length && events.every(type => webhook.events.includes(type))
  return {
    ...(url !== webhook.url && { url }),
    ...(description !== webhook.description && { description }),
    ...(!sameEvents && { events }),
  }
}

interface EventsProps {
  chosen: readonly EndpointEvent[]
  onChange: (events: EndpointEvent[]) => void
  error: string | undefined
}

function Events({ chosen, onChange, error }: EventsProps) {
  const errorId = useId()
  const toggle = (type: EndpointEvent, on: boolean) =>
    onChange(on ? [...chosen, type] : chosen.filter(each => each !== type))
  return (
    <fieldset className={styles.events} aria-describedby={error ? errorId : undefined}>
      <legend>Told of</legend>
      {error && (
        <p id={errorId} className="bad" role="alert">
          {error}
        </p>
      )}
      <div className={styles.groups}>
        {[...GROUPED].map(([group, types]) => (
          <fieldset key={group}>
            <legend>{group}</legend>
            {types.map(type => (
              <label key={type}>
                <input
                  type="checkbox"
                  checked={chosen.includes(type)}
                  onChange={event => toggle(type, event.target.checked)}
                />
                <span>
                  <code>{type}</code>
                  {EVENT_WORDS[type].about && <small className="muted">{EVENT_WORDS[type].about}</small>}
                </span>
              </label>
            ))}
          </fieldset>
        ))}
      </div>
    </fieldset>
  )
}
