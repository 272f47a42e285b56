/** Asks before a key is revoked, and tells why it could not be. */
import { useMutation } from '@tanstack/react-query'
import { useEffect, useState } from 'react'
import type { ApiKey } from '../../contract.ts'
import { Confirm } from '../../parts/dialog.tsx'
import { RefusalNote } from '../../parts/page.tsx'
import { call } from '../../service/call.ts'

interface Props {
  /** Null: nothing is asked. */
  apiKey: ApiKey | null
  /** Whether the reader is signed in with it. */
  own: boolean
  onClose: () => void
  onRevoked: (key: ApiKey) => void
}

export function Revoke({ apiKey, own, onClose, onRevoked }: Props) {
  // Kept while the dialog closes, so that its words do not change under the reader's eyes.
  const [shown, setShown] = useState(apiKey)
  const { mutate, isPending, error, reset } = useMutation({
    mutationFn: ({ id }: ApiKey) => call<null>('DELETE', `/api/keys/${encodeURIComponent(id)}`),
    onSuccess: (_, key) => onRevoked(key),
  })
  useEffect(() => {
    if (!apiKey) return
    setShown(apiKey)
    reset()
  }, [apiKey, reset])
  return (
    <Confirm
      open={apiKey !== null}
      onClose={onClose}
      onConfirm={() => apiKey && mutate(apiKey)}
      title={`Revoke the key “${shown?.name}”?`}
      confirm="Revoke"
      busy={isPending}
    >
      <p>
        Whoever uses it is refused from now on; its sessions and streams end at once, and uploads that are
        under way with it come to nothing. Its jobs stay. It cannot be made good again.
      </p>
      {own && (
        <p>
          <strong>You are signed in with this key</strong>, and will be signed out.
        </p>
      )}
      <RefusalNote error={error} />
    </Confirm>
  )
}
