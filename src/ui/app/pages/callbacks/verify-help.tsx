/** How a receiver knows that a message is ours. */
import { ShieldCheck } from 'lucide-react'
import { useState } from 'react'
import { Button, OutsideButton } from '../../parts/button.tsx'
import { CopyButton } from '../../parts/copy.tsx'
import { Dialog } from '../../parts/dialog.tsx'
import styles from './verify-help.module.css'

const EXAMPLE = `import { Webhook } from 'standardwebhooks'

const webhook = new Webhook(process.env.WEBHOOK_SECRET)
// Throws unless it is signed by this service, and is no older than five minutes.
const { type, data } = webhook.verify(rawBody, request.headers)`

export function VerifyHelp() {
  const [open, setOpen] = useState(false)
  return (
    <>
      <Button kind="quiet" onClick={() => setOpen(true)}>
        <ShieldCheck size={16} aria-hidden />
        Verifying
      </Button>
      <Dialog
        open={open}
        onClose={() => setOpen(false)}
        title="How a receiver verifies a message"
        wide
        buttons={
          <>
            <OutsideButton href="https://www.standardwebhooks.com" target="_blank" rel="noreferrer">
              Standard Webhooks
            </OutsideButton>
            <OutsideButton href="/api/docs" target="_blank" rel="noreferrer">
              API reference
            </OutsideButton>
            <Button kind="primary" onClick={() => setOpen(false)}>
              Close
            </Button>
          </>
        }
      >
        <p>
          Every message is signed as the Standard Webhooks specification says, whose libraries verify it as it
          is, in most languages:
        </p>
        <div className={styles.example}>
          {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached from the keyboard. */}
          <pre tabIndex={0}>{EXAMPLE}</pre>
          <CopyButton text={EXAMPLE}>Copy</CopyButton>
        </div>
        <ul className={styles.points}>
          <li>
            An endpoint’s secret is shown when the endpoint is made or its secret is rotated. Callbacks that a
            job was given itself are signed with the secret that <code>npm run webhook-secret</code> prints.
          </li>
          <li>Verify the bytes as they came, before they are parsed.</li>
          <li>
            <code>webhook-signature</code> may hold several signatures: one that is right suffices. So a
            rotation loses nothing.
          </li>
          <li>
            A message may come more than once, always with the same <code>webhook-id</code>: drop one that you
            have seen.
          </li>
          <li>Answer 2xx within 15 s, and work afterwards.</li>
        </ul>
      </Dialog>
    </>
  )
}
