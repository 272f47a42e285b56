/** A client of the tus protocol that does as it is told, right or wrong; the real ones know no wrong. */

export type Tus = ReturnType<typeof createTus>

/** @param headers of each request: a key. */
export function createTus(url: string, headers: Readonly<Record<string, string>> = {}) {
  const ask = (method: string, path = '/api/uploads', init: RequestInit = {}) =>
    fetch(new URL(path, url), {
      method,
      ...init,
      headers: { 'tus-resumable': '1.0.0', ...headers, ...(init.headers as Record<string, string>) },
    })
  const create = (
    size: number,
    metadata: Readonly<Record<string, string>>,
    more: Readonly<Record<string, string>> = {},
    body?: string | Uint8Array<ArrayBuffer>,
  ) =>
    ask('POST', '/api/uploads', {
      headers: {
        'upload-length': String(size),
        'upload-metadata': encodeMetadata(metadata),
        ...(body !== undefined && { 'content-type': 'application/offset+octet-stream' }),
        ...more,
      },
      ...(body !== undefined && { body }),
    })

  return {
    ask,
    create,
    /** One that is there. */
    async begin(size: number, metadata: Readonly<Record<string, string>>) {
      const response = await create(size, metadata)
      if (response.status !== 201) throw new Error(`${response.status} ${await response.text()}`)
      return { location: response.headers.get('location')!, jobId: response.headers.get('sluice-job')! }
    },
    head: (location: string) => ask('HEAD', location),
    patch: (
      location: string,
      offset: number,
      body: string | Uint8Array<ArrayBuffer>,
      more: Readonly<Record<string, string>> = {},
    ) =>
      ask('PATCH', location, {
        headers: {
          'content-type': 'application/offset+octet-stream',
          'upload-offset': String(offset),
          ...more,
        },
        body,
      }),
    end: (location: string) => ask('DELETE', location),
  }
}

export function encodeMetadata(metadata: Readonly<Record<string, string>>): string {
  return Object.entries(metadata)
    .map(([key, value]) => `${key} ${Buffer.from(value).toString('base64')}`)
    .join(',')
}
