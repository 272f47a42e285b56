/** How attempts at callbacks went. */
import { Link } from 'wouter'
import type { History } from '../../contract.ts'
import { counted } from '../../format.ts'
import { Card } from '../../parts/page.tsx'
import styles from './deliveries.module.css'

export function Deliveries({ history: { total }, range }: { history: History; range: string }) {
  const { delivered, failedAttempts } = total.deliveries
  return (
    <Card padded className={styles.line} aria-labelledby="deliveries">
      <h2 id="deliveries">Callbacks</h2>
      <p>
        {delivered + failedAttempts === 0
          ? `Nobody was called back in ${range}.`
          : `${counted(delivered, 'delivery', 'deliveries')} taken, ${counted(failedAttempts, 'attempt')} failed in ${range}.`}
      </p>
      <Link href="/callbacks">All callbacks</Link>
    </Card>
  )
}
