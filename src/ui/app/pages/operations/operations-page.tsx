/** How the whole service does, for whoever is on call: from whether it takes uploads to what each worker has in hand. */
import { ExternalLink, Lock } from 'lucide-react'
import { useLocation, useSearch } from 'wouter'
import { LinkButton, OutsideButton } from '../../parts/button.tsx'
import { Card, Empty, Page, RefusalNote } from '../../parts/page.tsx'
import { Time } from '../../parts/time.tsx'
import { useWebhooks } from '../../service/callbacks.ts'
import { useHealth, useHistory, useStats, useWorkers } from '../../service/operations.ts'
import { useSession } from '../../service/session.ts'
import { Deliveries } from './deliveries.tsx'
import { Failures } from './failures.tsx'
import { Figures } from './figures.tsx'
import { HealthChecks } from './health.tsx'
import { Latency } from './latency.tsx'
import styles from './operations-page.module.css'
import { Queues } from './queues.tsx'
import { States } from './states.tsx'
import { Throughput } from './throughput.tsx'
import { troublesOf } from './troubles.ts'
import { Workers } from './workers.tsx'

const RANGES = [
  { minutes: 60, name: '1 h', words: 'the last hour' },
  { minutes: 360, name: '6 h', words: 'the last 6 hours' },
  { minutes: 1_440, name: '24 h', words: 'the last day' },
] as const

export default function OperationsPage() {
  const { session, rights } = useSession()
  if (!session) return <p className="muted">Loading…</p>
  return rights.operations ? <Operations board={rights.administer} /> : <NotForUploaders />
}

function Operations({ board }: { board: boolean }) {
  const search = useSearch()
  const [, navigate] = useLocation()
  const asked = new URLSearchParams(search).get('minutes')
  const range = RANGES.find(({ minutes }) => String(minutes) === asked) ?? RANGES[0]
  const stats = useStats()
  const history = useHistory(range.minutes)
  const workers = useWorkers()
  const health = useHealth()
  const webhooks = useWebhooks(board)
  const all = [health, stats, history, workers]
  const broken = all.find(({ error }) => error)
  // The oldest of what is shown.
  const asOf = Math.min(...all.map(({ dataUpdatedAt }) => dataUpdatedAt))

  const troubles =
    stats.data && history.data && workers.data && (webhooks.data || !board)
      ? troublesOf({
          stats: stats.data,
          history: history.data,
          lost: workers.data.lost,
          webhooks: webhooks.data ?? [],
          now: Date.now(),
        })
      : null

  return (
    <Page
      title="Operations"
      beside={
        asOf > 0 && (
          <span className="muted">
            As of <Time at={new Date(asOf).toISOString()} style="ago" />
          </span>
        )
      }
      actions={
        <>
          <fieldset className={styles.ranges}>
            <legend className="visually-hidden">Figures of</legend>
            {RANGES.map(({ minutes, name, words }) => (
              <button
                key={minutes}
                type="button"
                aria-pressed={minutes === range.minutes}
                title={words}
                onClick={() => navigate(`/operations?minutes=${minutes}`, { replace: true })}
              >
                {name}
              </button>
            ))}
          </fieldset>
          {board && (
            <OutsideButton href="/admin/queues">
              Bull Board
              <ExternalLink size={15} aria-hidden />
            </OutsideButton>
          )}
        </>
      }
    >
      <div className={styles.page}>
        <RefusalNote error={broken?.error} retry={() => all.forEach(each => void each.refetch())} />
        {health.data && <HealthChecks health={health.data} answers={!health.error} troubles={troubles} />}
        {stats.data && <Figures stats={stats.data} history={history.data} range={range.words} />}
        <div className={styles.columns} aria-busy={history.isPlaceholderData}>
          {history.data && <Throughput history={history.data} />}
          {stats.data && <States stats={stats.data} />}
          {history.data && <Latency history={history.data} />}
          {history.data && <Failures history={history.data} />}
        </div>
        {history.data && <Deliveries history={history.data} range={range.words} />}
        <div className={styles.columns} data-even>
          {workers.data && <Workers {...workers.data} />}
          {stats.data && <Queues stats={stats.data} board={board} />}
        </div>
        {!broken && all.every(({ data }) => !data) && <p className="muted">Loading…</p>}
      </div>
    </Page>
  )
}

function NotForUploaders() {
  return (
    <Page title="Operations">
      <Card>
        <Empty icon={<Lock size={34} aria-hidden />} title="Not for uploaders">
          <p>
            Figures of the whole service are for admins and viewers. Ask whoever made your key for another
            role if you need them.
          </p>
          <LinkButton href="/">To your jobs</LinkButton>
        </Empty>
      </Card>
    </Page>
  )
}
