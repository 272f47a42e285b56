/** The texts that were read: of an archive, its members. */
import { Link } from 'wouter'
import type { Report } from '../../contract.ts'
import { bytes, counted } from '../../format.ts'
import { Card, CardHead } from '../../parts/page.tsx'
import { ShowAll } from '../../parts/show-all.tsx'
import { Badge } from '../../parts/status.tsx'
import { Table } from '../../parts/table.tsx'
import { Time } from '../../parts/time.tsx'
import { viewPath } from '../../places.ts'
import styles from './files-table.module.css'
import { kindName, ranked } from './redactions.tsx'
import type { Texts } from './texts.ts'

/** More are seldom looked for one by one; the whole list is one press away. */
const SHOWN = 50

interface Props {
  files: readonly Report.FileSummary[]
  jobId: string
  texts: Texts
  showAll: boolean
  onShowAll: () => void
}

export function FilesTable({ files, jobId, texts, showAll, onShowAll }: Props) {
  const shown = showAll ? files : files.slice(0, SHOWN)
  return (
    <Card aria-labelledby="files">
      <CardHead>
        <h2 id="files">Files</h2>
        {files.length > 1 && <span className="muted">{counted(files.length, 'text')}</span>}
      </CardHead>
      <Table label="Files" className={styles.table} stacks>
        <thead>
          <tr>
            <th>Name</th>
            <th data-number>Size</th>
            <th data-number>Lines</th>
            <th data-number>Entries</th>
            <th data-number>Errors</th>
            <th data-number>Warnings</th>
            <th>Time</th>
            <th>Redacted</th>
          </tr>
        </thead>
        <tbody>
          {shown.map(file => (
            <FileRow key={file.artifact} {...{ file, jobId, texts }} />
          ))}
        </tbody>
      </Table>
      <ShowAll shown={shown.length} total={files.length} onAll={onShowAll} />
    </Card>
  )
}

function FileRow({ file, jobId, texts }: { file: Report.FileSummary } & Pick<Props, 'jobId' | 'texts'>) {
  const { artifact, size, lines, entries, levels, encoding, compression, truncated } = file
  const redacted = ranked(file.redactions)
  const name = texts.nameOf({ file: file.name, artifact })
  return (
    <tr>
      <td className={styles.name}>
        <Link href={viewPath(jobId, artifact)}>{name}</Link>
        <small>
          {name !== file.name && `uploaded as ${file.name}, `}
          {encoding}
          {compression && `, ${compression}`}
          {truncated && <Badge tone="warn">Cut off</Badge>}
        </small>
      </td>
      <td data-number data-label="Size">
        {bytes(size)}
      </td>
      <td data-number data-label="Lines">
        {lines.toLocaleString('en')}
      </td>
      <td data-number data-label="Entries">
        {entries.toLocaleString('en')}
      </td>
      <td data-number data-label="Errors">
        {(levels.error + levels.fatal).toLocaleString('en')}
      </td>
      <td data-number data-label="Warnings">
        {levels.warn.toLocaleString('en')}
      </td>
      <td className={styles.times} data-label="Time">
        {file.firstTimestamp && file.lastTimestamp ? (
          <>
            <Time at={file.firstTimestamp} />
            <Time at={file.lastTimestamp} />
          </>
        ) : (
          <span className="muted">None told</span>
        )}
      </td>
      <td className={styles.redacted} data-label="Redacted">
        {redacted.length === 0 && <span className="muted">Nothing</span>}
        {redacted.map(([kind, count]) => (
          <span key={kind}>
            {kindName(kind)} <b>{count.toLocaleString('en')}</b>
          </span>
        ))}
      </td>
    </tr>
  )
}
