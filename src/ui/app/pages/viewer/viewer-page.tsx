/** A text artifact of any size: its lines where one looks, its search, an address for each line. */
import { ArrowLeft, Download, FileQuestion, FileX2 } from 'lucide-react'
import { type Artifact, FINAL } from '../../contract.ts'
import { bytes } from '../../format.ts'
import { LinkButton, OutsideButton } from '../../parts/button.tsx'
import { Card, Empty, Page, RefusalNote } from '../../parts/page.tsx'
import { artifactPath } from '../../service/call.ts'
import { isMissing, useFollowedJob } from '../../service/use-followed-job.ts'
import { Viewer } from './viewer.tsx'

interface Props {
  id: string
  /** The artifact's, as it stands in the address. */
  name: string
}

export default function ViewerPage({ id, name: inAddress }: Props) {
  const name = decoded(inAddress)
  const { data, error, refetch } = useFollowedJob(id)
  const artifact = data?.artifacts.find(each => each.name === name)
  // Of a job that is gone nothing can be read any more, whatever is known of it here.
  const shown = isMissing(error) ? undefined : artifact
  const url = artifactPath(id, name)

  return (
    <Page
      title={name.slice(name.lastIndexOf('/') + 1)}
      beside={artifact && <span className="muted">{bytes(artifact.size)}</span>}
      actions={
        <>
          <LinkButton href={`/jobs/${encodeURIComponent(id)}`}>
            <ArrowLeft size={16} aria-hidden />
            Job
          </LinkButton>
          {artifact && (
            <OutsideButton href={url} download>
              <Download size={16} aria-hidden />
              Download
            </OutsideButton>
          )}
        </>
      }
    >
      {error && !isMissing(error) && <RefusalNote error={error} retry={() => refetch()} />}
      {isMissing(error) && (
        <Nothing title="There is no such job">
          <p>It may have been deleted, or be somebody else’s. Finished jobs are kept for a limited time.</p>
          <LinkButton href="/">To the jobs</LinkButton>
        </Nothing>
      )}
      {!data && !error && <p className="muted">Loading…</p>}
      {data && !artifact && !isMissing(error) && (
        <Nothing title="This job has no such artifact">
          <p>
            {FINAL.has(data.status)
              ? `Its newest run has written nothing that is called “${name}”.`
              : `Nothing that is called “${name}” has been written yet: the job is ${data.status}. It appears here by itself.`}
          </p>
          <LinkButton href={`/jobs/${encodeURIComponent(id)}`}>To the job</LinkButton>
        </Nothing>
      )}
      {shown && !isText(shown) && (
        <Nothing title="This is no text">
          <p>It is {shown.type}, which has no lines to show. Download it, and open it with what made it.</p>
        </Nothing>
      )}
      {shown && isText(shown) && shown.size === 0 && (
        <Nothing title="This file is empty">
          <p>What was uploaded had no lines, so there is nothing to read here.</p>
        </Nothing>
      )}
      {shown && isText(shown) && shown.size > 0 && <Viewer url={url} size={shown.size} />}
    </Page>
  )
}

function Nothing({ title, children }: { title: string; children: React.ReactNode }) {
  const Icon = title.includes('no such') ? FileQuestion : FileX2
  return (
    <Card>
      <Empty icon={<Icon size={34} aria-hidden />} title={title}>
        {children}
      </Empty>
    </Card>
  )
}

function isText({ type }: Pick<Artifact, 'type'>): boolean {
  return /^text\/|^application\/(?:json|x-ndjson|xml)\b/.test(type)
}

/** The router decodes an address only in part, and a name may hold anything: it is read where nobody has touched it. */
function decoded(inAddress: string): string {
  const { pathname } = location
  try {
    return decodeURIComponent(pathname.slice(pathname.indexOf('/view/') + '/view/'.length))
  } catch {
    return inAddress
  }
}
