/** What can be done with an endpoint. */
import { useMutation } from '@tanstack/react-query'
import { Ellipsis, Pencil, Send } from 'lucide-react'
import { useState } from 'react'
import { useLocation } from 'wouter'
import type { Delivery, NewWebhook, Webhook } from '../../contract.ts'
import { Button } from '../../parts/button.tsx'
import { Confirm } from '../../parts/dialog.tsx'
import { Menu, MenuItem, MenuSeparator } from '../../parts/menu.tsx'
import { useNotices } from '../../parts/notices.tsx'
import { call } from '../../service/call.ts'
import { useCallbacksChanged, webhookPath } from '../../service/callbacks.ts'
import { EndpointForm } from './endpoint-form.tsx'
import { EndpointSecret } from './endpoint-secret.tsx'
import { nameOf } from './endpoint-words.ts'
import { Recover } from './recover.tsx'

type Asking = 'edit' | 'disable' | 'rotate' | 'recover' | 'delete'

interface Props {
  webhook: Webhook
  /** Told the id of a test's delivery. */
  onPing: (deliveryId: string) => void
}

export function EndpointActions({ webhook, onPing }: Props) {
  const [asking, setAsking] = useState<Asking | null>(null)
  const [rotated, setRotated] = useState<NewWebhook | null>(null)
  const [, navigate] = useLocation()
  const changed = useCallbacksChanged()
  const notices = useNotices()
  const path = webhookPath(webhook.id)
  const done = () => {
    setAsking(null)
    return changed()
  }
  const failed = (error: unknown) => {
    setAsking(null)
    notices.failed(error)
  }

  const test = useMutation({
    mutationFn: () => call<Delivery>('POST', `${path}/test`),
    onSuccess: ({ id }) => {
      onPing(id)
      return changed()
    },
    onError: notices.failed,
  })
  const enable = useMutation({
    mutationFn: (enabled: boolean) => call<Webhook>('PATCH', path, { body: { enabled } }),
    onSuccess: done,
    onError: failed,
  })
  const rotate = useMutation({
    mutationFn: () => call<NewWebhook>('POST', `${path}/rotate-secret`),
    onSuccess: answer => {
      setRotated(answer)
      return done()
    },
    onError: failed,
  })
  const remove = useMutation({
    mutationFn: () => call<null>('DELETE', path),
    onSuccess: () => {
      navigate('/callbacks/endpoints')
      notices.done(`Deleted the endpoint “${nameOf(webhook)}”.`)
      return changed()
    },
    onError: failed,
  })
  const closed = () => setAsking(null)
  const name = nameOf(webhook)

  return (
    <>
      <Button onClick={() => setAsking('edit')}>
        <Pencil size={16} aria-hidden />
        Edit
      </Button>
      <Menu
        trigger={
          <Button aria-label="More actions" title="More actions">
            <Ellipsis size={16} aria-hidden />
          </Button>
        }
      >
        {webhook.enabled ? (
          <MenuItem onSelect={() => setAsking('disable')}>Disable…</MenuItem>
        ) : (
          <MenuItem onSelect={() => enable.mutate(true)}>Enable</MenuItem>
        )}
        <MenuItem onSelect={() => setAsking('recover')}>Send again what failed…</MenuItem>
        <MenuItem onSelect={() => setAsking('rotate')}>Rotate the secret…</MenuItem>
        <MenuSeparator />
        <MenuItem danger onSelect={() => setAsking('delete')}>
          Delete…
        </MenuItem>
      </Menu>
      <Button kind="primary" disabled={test.isPending} onClick={() => test.mutate()}>
        <Send size={16} aria-hidden />
        Send a test
      </Button>

      <EndpointForm open={asking === 'edit'} onClose={closed} webhook={webhook} />
      <Recover open={asking === 'recover'} onClose={closed} webhook={webhook} />
      <Confirm
        open={asking === 'disable'}
        onClose={closed}
        onConfirm={() => enable.mutate(false)}
        title={`Disable “${name}”?`}
        confirm="Disable"
        keep="Leave it enabled"
        busy={enable.isPending}
      >
        <p>
          It is told of nothing that happens from now on, not even later. What is still on its way to it fails
          at its next attempt; once the endpoint is enabled again, that can be sent again.
        </p>
      </Confirm>
      <Confirm
        open={asking === 'rotate'}
        onClose={closed}
        onConfirm={() => rotate.mutate()}
        title={`Rotate the secret of “${name}”?`}
        confirm="Rotate"
        keep="Keep the present one"
        busy={rotate.isPending}
      >
        <p>
          A new secret is made and shown once. For 24 hours each message is signed with both, so that a
          receiver which knows either verifies it; after that the present one is good no more.
        </p>
      </Confirm>
      <Confirm
        open={asking === 'delete'}
        onClose={closed}
        onConfirm={() => remove.mutate()}
        title={`Delete “${name}”?`}
        confirm="Delete"
        busy={remove.isPending}
      >
        <p>
          It is told of nothing any more, and what is on its way to it fails. Its secret is gone for good: the
          same URL registered again gets another. Its deliveries stay to be read for their time.
        </p>
      </Confirm>
      <EndpointSecret webhook={rotated} title="The new secret" onKept={() => setRotated(null)} />
    </>
  )
}
