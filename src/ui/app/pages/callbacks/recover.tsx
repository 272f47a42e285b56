/** Sends again what failed since a time: after a receiver was away. */
import { useMutation } from '@tanstack/react-query'
import { type FormEvent, useEffect, useId, useState } from 'react'
import type { Webhook } from '../../contract.ts'
import { counted } from '../../format.ts'
import { Button } from '../../parts/button.tsx'
import { Dialog } from '../../parts/dialog.tsx'
import { TextField } from '../../parts/field.tsx'
import { useNotices } from '../../parts/notices.tsx'
import { RefusalNote } from '../../parts/page.tsx'
import { call } from '../../service/call.ts'
import { useCallbacksChanged, webhookPath } from '../../service/callbacks.ts'
import { faultsOf } from '../../service/faults.ts'

const HOUR = 3_600_000
const DAY = 24 * HOUR

export function Recover({
  open,
  onClose,
  webhook,
}: {
  open: boolean
  onClose: () => void
  webhook: Webhook
}) {
  const [since, setSince] = useState('')
  const notices = useNotices()
  const changed = useCallbacksChanged()
  const form = useId()
  const { mutate, isPending, error, reset } = useMutation({
    mutationFn: (time: string) =>
      call<{ recovered: number }>('POST', `${webhookPath(webhook.id)}/recover`, { body: { since: time } }),
    onSuccess: ({ recovered }) => {
      notices.done(
        recovered === 0
          ? 'Nothing that was made since then has failed.'
          : `${counted(recovered, 'delivery is', 'deliveries are')} sent again.`,
      )
      onClose()
      return changed()
    },
  })
  // biome-ignore lint/correctness/useExhaustiveDependencies: each opening begins with the trouble as it is then.
  useEffect(() => {
    if (!open) return
    // A delivery is made before its first attempt fails, and one that waited for its turn some time before.
    const { failingSince } = webhook
    setSince(localText(failingSince ? Date.parse(failingSince) - HOUR : Date.now() - DAY))
    reset()
  }, [open])

  const faults = faultsOf(error)
  const submit = (event: FormEvent) => {
    event.preventDefault()
    if (since) mutate(new Date(since).toISOString())
  }
  return (
    <Dialog
      open={open}
      onClose={onClose}
      title="Send again what failed"
      buttons={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button kind="primary" type="submit" form={form} disabled={!since || isPending}>
            Send again
          </Button>
        </>
      }
    >
      <form id={form} onSubmit={submit} style={{ display: 'grid', gap: '0.9rem' }}>
        <RefusalNote error={faults.rest} />
        <p>
          Every delivery to this endpoint that was made since then and has failed is sent again, with the
          webhook-id it had: a receiver that has seen it knows it.
        </p>
        <TextField
          label="Made since"
          type="datetime-local"
          step={1}
          hint={`In your time zone, ${Intl.DateTimeFormat().resolvedOptions().timeZone}.`}
          error={faults.at.since}
          value={since}
          onChange={event => setSince(event.target.value)}
        />
      </form>
    </Dialog>
  )
}

/** As a control for local times takes it, rounded down to the second. */
function localText(time: number): string {
  return new Date(time - new Date(time).getTimezoneOffset() * 60_000).toISOString().slice(0, 19)
}
