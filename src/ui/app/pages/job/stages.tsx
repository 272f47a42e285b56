/** The way of a job, step by step: its files first, for nothing starts before they are all attached, then its stages. */
import { Check, Circle, CircleDashed, CircleStop, X } from 'lucide-react'
import type { Job } from '../../contract.ts'
import { capital, counted, duration } from '../../format.ts'
import { Progress } from '../../parts/progress.tsx'
import { Time } from '../../parts/time.tsx'
import styles from './stages.module.css'
import { percentOf, type Step, type Story, stepsOf } from './story.ts'

const ICONS = { pending: CircleDashed, running: Circle, completed: Check, failed: X, stopped: CircleStop }
const WORDS = {
  pending: 'Not yet',
  running: 'Running',
  completed: 'Done',
  failed: 'Failed',
  stopped: 'Stopped',
}

export function Stages({ job, story }: { job: Job; story: Story }) {
  const percent = percentOf(job, story)
  return (
    <div className={styles.stages}>
      {job.status === 'processing' && (
        <div className={styles.whole}>
          <Progress percent={percent} label="Progress of the whole job" />
          <span className="number">{Math.floor(percent)} %</span>
        </div>
      )}
      <ol className={styles.list} aria-label="Stages">
        {[filesStep(job), ...stepsOf(job, story)].map(step => (
          <Stage key={step.name} step={step} />
        ))}
      </ol>
    </div>
  )
}

function filesStep({ files, status }: Job): Step {
  const attached = files.filter(file => file.status === 'attached').length
  const done = files.length > 0 && attached === files.length
  const failed = files.some(file => file.status === 'failed')
  const open = status === 'attaching' ? 'running' : status === 'cancelled' ? 'stopped' : 'pending'
  return {
    name: 'files',
    status: failed ? 'failed' : done ? 'completed' : open,
    percent: files.length === 0 ? 0 : (attached / files.length) * 100,
    durationMs: null,
    startedAt: null,
    message: files.length === 0 ? 'None yet' : `${attached} of ${counted(files.length, 'file')} attached`,
  }
}

function Stage({ step }: { step: Step }) {
  const { name, status, percent, durationMs, startedAt, message } = step
  const Icon = ICONS[status]
  const tone = status === 'completed' ? 'good' : status === 'failed' ? 'bad' : undefined
  return (
    <li
      className={styles.stage}
      data-status={status}
      data-stage={name}
      aria-current={status === 'running' ? 'step' : undefined}
    >
      <p className={styles.name}>
        <Icon size={16} aria-hidden />
        <span>{capital(name)}</span>
        <span className={styles.figure}>
          {durationMs !== null
            ? duration(durationMs)
            : status === 'running' || status === 'stopped'
              ? `${Math.floor(percent)} %`
              : ''}
        </span>
      </p>
      <Progress percent={percent} label={capital(name)} {...(tone && { tone })} />
      <p className={styles.says} title={message ?? undefined}>
        {message ?? WORDS[status]}
        {startedAt && (
          <span className="visually-hidden">
            {' '}
            since <Time at={startedAt} style="clock" />
          </span>
        )}
      </p>
    </li>
  )
}
