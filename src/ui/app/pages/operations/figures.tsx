/** The figures that are looked at first. */
import type { ReactNode } from 'react'
import type { History, Stats } from '../../contract.ts'
import { bytes } from '../../format.ts'
import styles from './figures.module.css'

interface Props {
  stats: Stats
  history: History | undefined
  /** Of the history, in words: "the last hour". */
  range: string
}

export function Figures({ stats, history, range }: Props) {
  const { jobs, storage, redis } = stats
  const ended = history ? history.total.completed + history.total.failed : 0
  const failed = history?.total.failed ?? 0
  return (
    <dl className={styles.figures}>
      <Figure name="Finished" note="in the last minute">
        {stats.finishedPerMinute.toLocaleString('en')}
      </Figure>
      <Figure name="Under way" note={`${(jobs.attaching + jobs.pending).toLocaleString('en')} waiting`}>
        {jobs.processing.toLocaleString('en')}
      </Figure>
      <Figure name="Failed" note={`of jobs that ran in ${range}`} tone={failed > 0 ? 'bad' : undefined}>
        {ended === 0 ? '–' : share(failed / ended)}
      </Figure>
      <Figure
        name="Workers"
        note={stats.workers === 0 ? 'nothing is processed' : 'seen in the last 15 s'}
        tone={stats.workers === 0 ? 'bad' : undefined}
      >
        {stats.workers.toLocaleString('en')}
      </Figure>
      <Figure
        name="Storage"
        note={storage.freeBytes === null ? 'a bucket has no end' : 'free'}
        tone={storage.freeBytes !== null && storage.freeBytes < 2 * storage.reserveBytes ? 'bad' : undefined}
      >
        {storage.freeBytes === null ? 'S3' : bytes(storage.freeBytes)}
      </Figure>
      <Figure name="Redis" note="of memory in use">
        {bytes(redis.usedBytes)}
      </Figure>
    </dl>
  )
}

function share(part: number): string {
  if (part > 0 && part < 0.001) return '< 0.1 %'
  return `${(part * 100).toFixed(part > 0 && part < 0.1 ? 1 : 0)} %`
}

interface FigureProps {
  name: string
  note: string
  tone?: 'bad' | undefined
  children: ReactNode
}

function Figure({ name, note, tone, children }: FigureProps) {
  return (
    <div className={styles.figure} data-tone={tone}>
      <dt>{name}</dt>
      <dd className={styles.value}>{children}</dd>
      <dd className={styles.note}>{note}</dd>
    </div>
  )
}
