/** What stood out, the worst first; each leads to its line. */
import { ArrowRight } from 'lucide-react'
import { Link } from 'wouter'
import type { Report } from '../../contract.ts'
import { capital } from '../../format.ts'
import { Card, CardHead } from '../../parts/page.tsx'
import { Badge, type Tone } from '../../parts/status.tsx'
import { Time } from '../../parts/time.tsx'
import styles from './findings.module.css'
import { TemplateText } from './template-text.tsx'
import type { Texts } from './texts.ts'

const TONES: Readonly<Record<Report.Finding['severity'], Tone>> = {
  high: 'bad',
  medium: 'warn',
  low: 'quiet',
}

interface Props {
  findings: readonly Report.Finding[]
  /** Without the filter. */
  total: number
  texts: Texts
  manyFiles: boolean
}

export function Findings({ findings, total, texts, manyFiles }: Props) {
  const notes = [
    ...(findings.length < total ? [`${findings.length} of ${total} in this time`] : []),
    ...(findings.some(elsewhere) ? ['Times within the texts are UTC'] : []),
  ]
  return (
    <Card aria-labelledby="findings">
      <CardHead>
        <h2 id="findings">Findings</h2>
        <span className="muted">{notes.join(' · ')}</span>
      </CardHead>
      {findings.length === 0 ? (
        <p className={styles.none}>
          {total === 0
            ? 'Nothing stood out: no exception, no burst of errors, no gap, no restart, no exposed secret.'
            : 'Nothing stood out in this time.'}
        </p>
      ) : (
        <ol className={styles.list}>
          {findings.map(finding => (
            <FindingItem
              key={`${finding.kind} ${finding.artifact} ${finding.line} ${finding.title}`}
              {...{ finding, texts, manyFiles }}
            />
          ))}
        </ol>
      )}
    </Card>
  )
}

/** Where the reader's clock is another than the texts', which a job writes for readers that it does not know. */
function elsewhere({ at }: Report.Finding): boolean {
  return at !== null && new Date(at).getTimezoneOffset() !== 0
}

function FindingItem({
  finding,
  texts,
  manyFiles,
}: { finding: Report.Finding } & Pick<Props, 'texts' | 'manyFiles'>) {
  const { severity, title, detail, at, line } = finding
  const href = texts.hrefOf(finding)
  const place = `${manyFiles ? `${texts.nameOf(finding)}, line` : 'Line'} ${line.toLocaleString('en')}`
  return (
    <li className={styles.finding} data-severity={severity}>
      <Badge tone={TONES[severity]}>{capital(severity)}</Badge>
      <div>
        <h3>{title}</h3>
        <p className={styles.detail}>
          <TemplateText text={detail} />
        </p>
      </div>
      <div className={styles.where}>
        {href ? (
          <Link href={href}>
            {place}
            <ArrowRight size={14} aria-hidden />
          </Link>
        ) : (
          place
        )}
        {at && <Time at={at} />}
      </div>
    </li>
  )
}
