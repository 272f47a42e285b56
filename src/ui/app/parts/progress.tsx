import styles from './progress.module.css'

interface Props {
  /** 0…100. */
  percent: number
  /** What it is the progress of. */
  label: string
  tone?: 'good' | 'bad'
}

export function Progress({ percent, label, tone }: Props) {
  return (
    <div
      className={styles.track}
      data-tone={tone}
      role="progressbar"
      aria-label={label}
      aria-valuemin={0}
      aria-valuemax={100}
      aria-valuenow={Math.floor(percent)}
    >
      <div className={styles.fill} style={{ width: `${percent}%` }} />
    </div>
  )
}
