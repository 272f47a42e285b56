/** What stages wrote for the client. */
import { hash } from 'node:crypto'
import { basename } from 'node:path/posix'
import { artifactsOf } from '../jobs/record.ts'
import { openArtifact, type StoredArtifact } from '../pipelines/stored-artifact.ts'
import { EVERYONE } from './callers.ts'
import { DOWNLOAD, download } from './download.ts'
import { endpoint } from './endpoint.ts'
import { readJob } from './jobs.ts'
import { notFound } from './problems.ts'
import { ArtifactList } from './schemas.ts'
import type { Services } from './services.ts'
import { json } from './submission.ts'

/** What a browser may open rather than save: what we wrote, of types that we know. */
const SHOWN = new Set(['text/html', 'text/markdown', 'application/json'])

export function artifactEndpoints(services: Services) {
  return [
    endpoint({
      id: 'listArtifacts',
      method: 'get',
      path: '/api/jobs/{id}/artifacts',
      tag: 'Artifacts',
      summary: 'The artifacts of a job',
      roles: EVERYONE,
      answers: { 200: { description: 'In the order written.', schema: ArtifactList } },
      problems: ['not-found'],
      async handle(asked) {
        const artifacts = artifactsOf(await readJob(services, asked))
        return json(200, { items: artifacts.map(viewArtifact) })
      },
    }),

    endpoint({
      id: 'downloadArtifact',
      method: 'get',
      path: '/api/jobs/{id}/artifacts/{name*}',
      tag: 'Artifacts',
      summary: 'The bytes of an artifact',
      roles: EVERYONE,
      ...DOWNLOAD,
      problems: ['not-found', 'range-not-satisfiable', 'storage-unavailable'],
      async handle(asked) {
        const artifact = artifactsOf(await readJob(services, asked)).find(
          ({ name }) => name === asked.param('name'),
        )
        if (!artifact) throw notFound('artifact')
        const mediaType = artifact.type.split(';', 1)[0]!.trim()
        return download(asked.c, {
          ...artifact,
          open: range => openArtifact(services.storage, artifact, range),
          name: basename(artifact.name),
          etag: `"${versionOf(artifact)}"`,
          show: SHOWN.has(mediaType) ? 'inline' : 'attachment',
          isOurs: true,
        })
      },
    }),
  ]
}

function viewArtifact({ name, size, type, stage, fileId }: StoredArtifact) {
  return { name, size, type, stage, ...(fileId !== undefined && { fileId }) }
}

/** A key is written once, under a start token of its own; what is in the record is short enough to be hashed. */
function versionOf(artifact: StoredArtifact): string {
  if ('key' in artifact) return artifact.key.slice(artifact.key.indexOf('/') + 1)
  return hash('sha256', artifact.content, 'base64url')
}
