/** An endpoint's secret, this once. */
import type { NewWebhook } from '../../contract.ts'
import { ShownOnce } from '../../parts/shown-once.tsx'

interface Props {
  webhook: NewWebhook | null
  title: string
  onKept: () => void
}

export function EndpointSecret({ webhook, title, onKept }: Props) {
  return (
    <ShownOnce secret={webhook?.secret ?? null} title={title} label="Secret" onKept={onKept}>
      <p>
        It signs what is sent to this endpoint. Give it to the receiver now:{' '}
        <strong>it is shown this once</strong>, and nobody can look it up later. If it is lost, rotate it.
      </p>
    </ShownOnce>
  )
}
