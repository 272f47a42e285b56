/** What came of the job: the report inside the page, and everything else to look at or to keep. */
import { ChevronDown, ChevronRight, Download, Eye, TriangleAlert } from 'lucide-react'
import { useState } from 'react'
import type { Job } from '../../contract.ts'
import { bytes, counted } from '../../format.ts'
import { Button, LinkButton, OutsideButton } from '../../parts/button.tsx'
import { Card, CardHead } from '../../parts/page.tsx'
import { ShowAll } from '../../parts/show-all.tsx'
import { artifactPath } from '../../service/call.ts'
import styles from './artifacts.module.css'
import { warningsOf } from './log-filter.ts'
import type { Story } from './story.ts'

type Artifact = Job['artifacts'][number]

const REPORT = 'report.html'
/** Of an upload of many files there is one each, and what was found in all of them must not be pushed off the page. */
const SHOWN = 8
/** Warnings that stand beside the results; all of them are in the log. */
const SHOWN_WARNINGS = 3

export function Artifacts({ job, story }: { job: Job; story: Story }) {
  const { id, artifacts } = job
  const report = artifacts.find(({ name }) => name === REPORT)
  const [shown, setShown] = useState(true)
  const [all, setAll] = useState(false)
  if (artifacts.length === 0) return null
  const ranked = artifacts.toSorted((one, other) => rank(one) - rank(other))
  const listed = all ? ranked : ranked.slice(0, SHOWN)
  return (
    <Card aria-labelledby="artifacts">
      <CardHead>
        <h2 id="artifacts">Results</h2>
        <span className="muted">{counted(artifacts.length, 'artifact')}</span>
      </CardHead>
      <Warnings warnings={warningsOf(story)} />
      <ul className={styles.list}>
        {listed.map(artifact => (
          <Row key={artifact.name} id={id} artifact={artifact} />
        ))}
      </ul>
      <ShowAll shown={listed.length} total={ranked.length} onAll={() => setAll(true)} />
      {report && (
        <div className={styles.preview}>
          <Button small kind="quiet" aria-expanded={shown} onClick={() => setShown(!shown)}>
            {shown ? <ChevronDown size={16} aria-hidden /> : <ChevronRight size={16} aria-hidden />}
            Preview of {REPORT}
          </Button>
          {/* Its text comes from strangers' logs: it runs nothing, and belongs to no origin. */}
          {shown && (
            <iframe
              title={`Preview of ${REPORT}`}
              src={artifactPath(id, REPORT)}
              sandbox=""
              loading="lazy"
              className={styles.frame}
            />
          )}
        </div>
      )}
    </Card>
  )
}

/** What the results have to do without. */
function Warnings({ warnings }: { warnings: readonly string[] }) {
  if (warnings.length === 0) return null
  const more = warnings.length - SHOWN_WARNINGS
  return (
    <section className={styles.warnings} aria-label="Warnings">
      <TriangleAlert size={17} aria-hidden />
      <ul>
        {warnings.slice(0, SHOWN_WARNINGS).map(warning => (
          <li key={warning}>{warning}</li>
        ))}
        {more > 0 && (
          <li>
            <a href="#log">{counted(more, 'more warning')} in the log</a>
          </li>
        )}
      </ul>
    </section>
  )
}

function Row({ id, artifact: { name, size, type } }: { id: string; artifact: Artifact }) {
  const path = artifactPath(id, name)
  const isPage = type.startsWith('text/html')
  return (
    <li data-artifact={name}>
      <span className={styles.name}>{name}</span>
      <span className={styles.size} title={counted(size, 'byte')}>
        {bytes(size)}
      </span>
      <span className={styles.actions}>
        {isPage ? (
          <OutsideButton small href={path} target="_blank" rel="noopener" aria-label={`Open ${name}`}>
            <Eye size={16} aria-hidden />
            Open
          </OutsideButton>
        ) : (
          isText(type) && (
            <LinkButton
              small
              href={`/jobs/${encodeURIComponent(id)}/view/${name.split('/').map(encodeURIComponent).join('/')}`}
              aria-label={`View ${name}`}
            >
              <Eye size={16} aria-hidden />
              View
            </LinkButton>
          )
        )}
        <OutsideButton
          small
          kind="quiet"
          href={path}
          // Its last segment only: a redacted file gets its own name back.
          download={name.split('/').at(-1)}
          aria-label={`Download ${name}`}
        >
          <Download size={16} aria-hidden />
        </OutsideButton>
      </span>
    </li>
  )
}

function isText(type: string): boolean {
  return type.startsWith('text/') || type.startsWith('application/json')
}

/** The report first, then one redacted text a file, of which there may be many. */
function rank({ name, type }: Artifact): number {
  return type.startsWith('text/html') ? 0 : name.includes('/') ? 2 : 1
}
