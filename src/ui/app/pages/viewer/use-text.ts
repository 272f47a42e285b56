/** One text artifact, as the viewer looks at it: its index as it grows, and the lines that are wanted. */
import { useCallback, useEffect, useMemo, useState } from 'react'
import { bytesOf } from './http-bytes.ts'
import { LineIndex } from './line-index.ts'
import { LineStore } from './line-store.ts'
import { scan } from './scan.ts'

export interface Text {
  readonly index: LineIndex
  readonly store: LineStore
  /** Changes whenever the index or the store have something new. */
  readonly version: number
  readonly error: unknown
  retry(): void
}

export function useText(url: string): Text {
  const [attempt, setAttempt] = useState(0)
  const [version, setVersion] = useState(0)
  const [error, setError] = useState<unknown>(null)
  // biome-ignore lint/correctness/useExhaustiveDependencies: each attempt begins with nothing.
  const { index, store } = useMemo(() => {
    const index = new LineIndex()
    const store = new LineStore(index, bytesOf(url), error => {
      if (error) setError(error)
      setVersion(old => old + 1)
    })
    return { index, store }
  }, [url, attempt])

  useEffect(() => {
    const stop = scan({ url, query: null }, report => {
      if (report.kind === 'indexed') index.add(report.part)
      if (report.kind === 'failed') setError(new Error(report.message))
      setVersion(old => old + 1)
    })
    return () => {
      stop()
      store.stop()
    }
  }, [url, index, store])

  const retry = useCallback(() => {
    setError(null)
    setAttempt(old => old + 1)
  }, [])
  return { index, store, version, error, retry }
}
