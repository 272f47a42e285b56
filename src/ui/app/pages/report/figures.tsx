/** The report in six numbers. */
import type { Report } from '../../contract.ts'
import { bytes, counted } from '../../format.ts'
import styles from './figures.module.css'

export function Figures({ totals }: { totals: Report.Totals }) {
  const { entries, lines, levels, templates, files } = totals
  const errors = levels.error + levels.fatal
  const redactions = Object.values(totals.redactions).reduce((sum, count) => sum + count, 0)
  const figures = [
    { name: 'Entries', value: entries, about: counted(lines, 'line') },
    { name: 'Errors', value: errors, about: share(errors, entries), tone: errors > 0 ? 'bad' : undefined },
    {
      name: 'Warnings',
      value: levels.warn,
      about: share(levels.warn, entries),
      tone: levels.warn > 0 ? 'warn' : undefined,
    },
    { name: 'Templates', value: templates, about: templates === 1 ? 'kind of message' : 'kinds of message' },
    { name: 'Redactions', value: redactions, about: counted(Object.keys(totals.redactions).length, 'kind') },
    { name: 'Files', value: files, about: bytes(totals.bytes) },
  ]
  return (
    <dl className={styles.figures} aria-label="Figures">
      {figures.map(({ name, value, about, tone }) => (
        <div key={name} className={styles.figure} data-tone={tone}>
          <dt>{name}</dt>
          <dd>{value.toLocaleString('en')}</dd>
          <dd className={styles.about}>{about}</dd>
        </div>
      ))}
    </dl>
  )
}

export function share(part: number, whole: number): string {
  const percent = whole === 0 ? 0 : (part / whole) * 100
  return percent > 0 && percent < 0.1 ? '< 0.1 %' : `${percent.toFixed(1)} %`
}
