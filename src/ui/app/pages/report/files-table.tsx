/** The texts that were read: of an archive, its members. */
import { Link } from 'wouter'
import type { Report } from '../../contract.ts'
import { bytes } from '../../format.ts'
import { Card, CardHead } from '../../parts/page.tsx'
import { Badge } from '../../parts/status.tsx'
import { Table } from '../../parts/table.tsx'
import { Time } from '../../parts/time.tsx'
import styles from './files-table.module.css'
import { kindName, ranked } from './redactions.tsx'

/** More are seldom looked for one by one; the whole list is one press away. */
const SHOWN = 50

interface Props {
  files: readonly Report.FileSummary[]
  hrefOf: (artifact: string) => string
  showAll: boolean
  onShowAll: () => void
}

export function FilesTable({ files, hrefOf, showAll, onShowAll }: Props) {
  const shown = showAll ? files : files.slice(0, SHOWN)
  return (
    <Card aria-labelledby="files">
      <CardHead>
        <h2 id="files">Files</h2>
        {files.length > 1 && <span className="muted">{files.length.toLocaleString('en')} texts</span>}
      </CardHead>
      <Table label="Files" className={styles.table}>
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
            <FileRow key={file.artifact} file={file} href={hrefOf(file.artifact)} />
          ))}
        </tbody>
      </Table>
      {shown.length < files.length && (
        <p className={styles.more}>
          <button type="button" onClick={onShowAll}>
            Show all {files.length.toLocaleString('en')}
          </button>
        </p>
      )}
    </Card>
  )
}

function FileRow({ file, href }: { file: Report.FileSummary; href: string }) {
  const { name, size, lines, entries, levels, encoding, compression, truncated } = file
  const redacted = ranked(file.redactions)
  return (
    <tr>
      <td className={styles.name}>
        <Link href={href}>{name}</Link>
        <small>
          {encoding}
          {compression && `, ${compression}`}
          {truncated && <Badge tone="warn">Cut off</Badge>}
        </small>
      </td>
      <td data-number>{bytes(size)}</td>
      <td data-number>{lines.toLocaleString('en')}</td>
      <td data-number>{entries.toLocaleString('en')}</td>
      <td data-number>{(levels.error + levels.fatal).toLocaleString('en')}</td>
      <td data-number>{levels.warn.toLocaleString('en')}</td>
      <td className={styles.times}>
        {file.firstTimestamp && file.lastTimestamp ? (
          <>
            <Time at={file.firstTimestamp} />
            <Time at={file.lastTimestamp} />
          </>
        ) : (
          <span className="muted">None told</span>
        )}
      </td>
      <td className={styles.redacted}>
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
