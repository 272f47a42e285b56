/** Sends a delivery again: under its id, with the schedule from its start. */
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { RotateCw } from 'lucide-react'
import type { Delivery } from '../../contract.ts'
import { Button } from '../../parts/button.tsx'
import { useNotices } from '../../parts/notices.tsx'
import { call } from '../../service/call.ts'
import { deliveryPath, useCallbacksChanged } from '../../service/callbacks.ts'

interface Props {
  delivery: Delivery
  /** In a list: what tells its button from the others, for those who do not see its row. */
  row?: string
}

export function Redeliver({ delivery: { id, status }, row }: Props) {
  const queries = useQueryClient()
  const changed = useCallbacksChanged()
  const notices = useNotices()
  const { mutate, isPending } = useMutation({
    mutationFn: () => call<Delivery>('POST', `${deliveryPath(id)}/redeliver`),
    onSuccess: delivery => {
      queries.setQueryData(['deliveries', 'one', id], delivery)
      notices.done('It is sent again, with the same webhook-id.')
      return changed()
    },
    // Somebody else may have been first, or it is gone: the list is to say so as well.
    onError: error => {
      notices.failed(error)
      return changed()
    },
  })
  const open = status === 'pending'
  return (
    <Button
      kind={!row ? 'primary' : status === 'failed' ? 'plain' : 'quiet'}
      small={row !== undefined}
      disabled={open || isPending}
      title={open ? 'It is still open: it will be tried by itself.' : undefined}
      aria-label={row && `Send again: ${row}`}
      onClick={() => mutate()}
    >
      <RotateCw size={row ? 14 : 16} aria-hidden />
      {isPending ? 'Sending…' : 'Send again'}
    </Button>
  )
}
