/** What was uploaded: whether it is what it was promised to be, and the bytes for those who may have them. */
import { Download, Trash2 } from 'lucide-react'
import { useState } from 'react'
import type { Job } from '../../contract.ts'
import { bytes, counted, sizeOf } from '../../format.ts'
import { Button, OutsideButton } from '../../parts/button.tsx'
import { CopyButton } from '../../parts/copy.tsx'
import { Card, CardHead } from '../../parts/page.tsx'
import { ShowAll } from '../../parts/show-all.tsx'
import { Badge, type Tone } from '../../parts/status.tsx'
import { Table } from '../../parts/table.tsx'
import { call, jobPath } from '../../service/call.ts'
import { useSession } from '../../service/session.ts'
import styles from './files.module.css'
import { useAct } from './use-act.ts'

const STATES: Readonly<Record<Job['files'][number]['status'], { word: string; tone: Tone }>> = {
  uploaded: { word: 'Uploaded', tone: 'hollow' },
  attached: { word: 'Attached', tone: 'good' },
  failed: { word: 'Failed', tone: 'bad' },
}
/** Of a hash, as many characters as tell two files of a job apart. */
const SHORT = 10
/** More are seldom looked for one by one. */
const SHOWN = 12

export function Files({ job, reload }: { job: Job; reload: () => void }) {
  const { rights } = useSession()
  const { busy, act } = useAct({ reload })
  const [all, setAll] = useState(false)
  if (job.files.length === 0) return null
  const remove = (fileId: string) =>
    act(async () => {
      await call('DELETE', `${jobPath(job.id)}/files/${encodeURIComponent(fileId)}`)
      reload()
    })
  // What is wrong with one of many must not be among those that are left out.
  const ranked = job.files.toSorted((one, other) => rank(one) - rank(other))
  const listed = all ? ranked : ranked.slice(0, SHOWN)
  return (
    <Card aria-labelledby="files">
      <CardHead>
        <h2 id="files">Files</h2>
        <span className="muted">
          {counted(job.files.length, 'file')}, {bytes(sizeOf(job))}
        </span>
      </CardHead>
      <Table label="Files" stacks>
        <thead>
          <tr>
            <th>Name</th>
            <th>State</th>
            <th>Type</th>
            <th data-number>Size</th>
            <th>SHA-256</th>
            <th>
              <span className="visually-hidden">Actions</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {listed.map(({ id, name, size, type, sha256, status }) => (
            <tr key={id} data-file={id}>
              <td className={styles.name}>{name}</td>
              <td>
                <Badge tone={STATES[status].tone}>{STATES[status].word}</Badge>
              </td>
              <td className={styles.type}>{type}</td>
              <td data-number data-label="Size" title={counted(size, 'byte')}>
                {bytes(size)}
              </td>
              <td className={styles.hash} data-label="SHA-256" title={sha256}>
                <CopyButton text={sha256}>
                  <code>{sha256.slice(0, SHORT)}…</code>
                </CopyButton>
              </td>
              <td className={styles.actions}>
                {rights.content && (
                  <OutsideButton
                    small
                    kind="quiet"
                    href={`${jobPath(job.id)}/files/${encodeURIComponent(id)}/content`}
                    download={name}
                    aria-label={`Download ${name}`}
                  >
                    <Download size={16} aria-hidden />
                  </OutsideButton>
                )}
                {rights.change && job.status === 'draft' && (
                  <Button
                    small
                    kind="quiet"
                    disabled={busy}
                    aria-label={`Take ${name} out`}
                    onClick={() => remove(id)}
                  >
                    <Trash2 size={16} aria-hidden />
                  </Button>
                )}
              </td>
            </tr>
          ))}
        </tbody>
      </Table>
      <ShowAll shown={listed.length} total={ranked.length} onAll={() => setAll(true)} />
    </Card>
  )
}

function rank({ status }: Job['files'][number]): number {
  return status === 'failed' ? 0 : 1
}
