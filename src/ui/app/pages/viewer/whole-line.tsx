/** One line too long to be shown among others. */
import { useQuery } from '@tanstack/react-query'
import { bytes } from '../../format.ts'
import { CopyButton } from '../../parts/copy.tsx'
import { Dialog } from '../../parts/dialog.tsx'
import { RefusalNote } from '../../parts/page.tsx'
import { type Line, type LineStore, MOST_OF_A_LINE } from './line-store.ts'
import styles from './lines.module.css'
import { Content } from './lines.tsx'
import type { Marks } from './segments.ts'

interface Props {
  /** From 1. */
  number: number
  line: Line
  store: LineStore
  marks: Marks | null
  onClose: () => void
}

export function WholeLine({ number, line, store, marks, onClose }: Props) {
  const { data, error, refetch } = useQuery({
    queryKey: ['whole-line', number, line],
    queryFn: ({ signal }) => store.whole(line, signal),
    gcTime: 0,
  })
  return (
    <Dialog
      open
      onClose={onClose}
      wide
      title={`Line ${number.toLocaleString('en')}`}
      buttons={data !== undefined && <CopyButton text={data}>Copy</CopyButton>}
    >
      <p className="muted">
        {line.bytes > MOST_OF_A_LINE
          ? `The first ${bytes(MOST_OF_A_LINE)} of ${bytes(line.bytes)}; the file has all of it.`
          : bytes(line.bytes)}
      </p>
      <RefusalNote error={error} retry={() => refetch()} />
      {data === undefined && !error && <p className="muted">Loading…</p>}
      {data !== undefined && (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached from the keyboard.
        <pre className={styles.whole} tabIndex={0}>
          <Content text={data} marks={marks} />
        </pre>
      )}
    </Dialog>
  )
}
