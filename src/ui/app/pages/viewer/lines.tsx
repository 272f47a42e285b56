/** The lines that are in view. What scrolls is empty; they are laid over it, wherever it stands. */
import {
  memo,
  type Ref,
  useCallback,
  useEffect,
  useImperativeHandle,
  useLayoutEffect,
  useRef,
  useState,
} from 'react'
import { bytes } from '../../format.ts'
import type { Line } from './line-store.ts'
import styles from './lines.module.css'
import { isMatch } from './matches.ts'
import { scrollMap } from './scroll-map.ts'
import { gravityOf, type Marks, segmentsOf } from './segments.ts'
import type { Search } from './use-search.ts'
import type { Text } from './use-text.ts'

/** Of a line that is not wrapped, in px; the style sheet says the same. */
const ROW = 20
/** How long nothing must have scrolled before the scroll bar is put where it belongs, in ms. */
const IDLE = 150

export interface LinesHandle {
  /** Both count lines from 1. */
  reveal(line: number): void
  goTo(line: number): void
  page(by: number): void
  focus(): void
  /** The line in the middle of what is seen, or the one given if that is seen, too. */
  seen(line: number): number
}

interface Props {
  text: Text
  wrap: boolean
  /** From 1; 0: none. */
  current: number
  search: Search
  onSelect: (line: number) => void
  onWhole: (number: number, line: Line) => void
  handle: Ref<LinesHandle>
}

export function Lines({ text, wrap, current, search, onSelect, onWhole, handle }: Props) {
  const box = useRef<HTMLElement>(null)
  const list = useRef<HTMLDivElement>(null)
  const { view, width } = useSize(box)
  const { lines } = text.index
  // Wrapped lines are higher than they count: the last one may be scrolled to the top, so that it is seen whole.
  const total = wrap ? Math.max(0, lines - 1) * ROW + view : lines * ROW
  const map = scrollMap(total, view)
  const end = Math.max(0, total - view)
  const { at, setAt, onScroll } = useScroll(box, map, end, view)

  const top = at / ROW
  const first = Math.min(Math.floor(top), Math.max(0, lines - 1))
  const shown = Math.min(Math.ceil(view / ROW) + 2, lines - first)
  const { store, version } = text
  // biome-ignore lint/correctness/useExhaustiveDependencies: when more is known, more can be wanted.
  useEffect(() => store.want(first, first + Math.max(0, shown - 1)), [store, version, first, shown])

  // A part of the first line is above what is seen: as much of it as the position says, however high it is.
  useLayoutEffect(() => {
    const height = (list.current?.firstElementChild as HTMLElement | null)?.offsetHeight ?? ROW
    list.current?.style.setProperty('transform', `translateY(${-(top - first) * (wrap ? height : ROW)}px)`)
  })
  const widest = useWidest(list, `${wrap}`)

  const goTo = (line: number) => setAt((line - 1) * ROW - (wrap ? 0 : Math.floor(view / ROW / 2) * ROW))
  useImperativeHandle(handle, () => ({
    goTo,
    reveal(line) {
      const row = list.current?.querySelector(`[data-line="${line}"]`)
      const seen = box.current!.getBoundingClientRect()
      const place = row?.getBoundingClientRect()
      if (place && place.top >= seen.top && place.bottom <= seen.top + view) return
      if (!wrap && place && place.bottom > seen.top + view) setAt(line * ROW - view)
      else setAt((line - 1) * ROW)
    },
    page: by => setAt(at + by * Math.max(ROW, view - 2 * ROW)),
    // It fills the page, whose edges are no place to scroll to.
    focus: () => box.current?.focus({ preventScroll: true }),
    seen: line =>
      line > first && line <= first + shown ? line : Math.min(lines, first + Math.ceil(view / ROW / 2)),
  }))

  return (
    <section
      ref={box}
      className={styles.box}
      data-wrap={wrap || undefined}
      aria-label="Lines"
      // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached from the keyboard.
      tabIndex={0}
      onScroll={onScroll}
    >
      <div className={styles.space} style={{ height: map.height, minWidth: wrap ? undefined : widest }}>
        <div className={styles.window} style={{ height: view }}>
          <div
            ref={list}
            className={styles.list}
            style={{ width: wrap ? width : undefined, '--digits': `${String(lines).length}ch` } as object}
          >
            {Array.from({ length: Math.max(0, shown) }, (_, place) => {
              const number = first + place + 1
              return (
                <Row
                  key={number}
                  number={number}
                  line={store.get(number - 1)}
                  isCurrent={number === current}
                  marks={isMatch(search.lines, number) ? search.marks : null}
                  {...{ onSelect, onWhole }}
                />
              )
            })}
          </div>
        </div>
      </div>
    </section>
  )
}

interface RowProps extends Pick<Props, 'onSelect' | 'onWhole'> {
  marks: Marks | null
  number: number
  line: Line | undefined
  isCurrent: boolean
}

const Row = memo(function Row({ number, line, isCurrent, marks, onSelect, onWhole }: RowProps) {
  return (
    <div
      className={styles.row}
      data-line={number}
      data-gravity={line && gravityOf(line.text)}
      aria-current={isCurrent || undefined}
    >
      <a
        className={styles.number}
        href={`?line=${number}`}
        tabIndex={-1}
        aria-label={`Line ${number}`}
        onClick={event => {
          if (event.ctrlKey || event.metaKey || event.shiftKey) return
          event.preventDefault()
          onSelect(number)
        }}
      >
        {number}
      </a>
      <span className={styles.text}>
        {line && <Content text={line.text} marks={marks} />}
        {line?.cut && (
          <button type="button" className={styles.more} onClick={() => onWhole(number, line)}>
            … show all ({bytes(line.bytes)})
          </button>
        )}
      </span>
    </div>
  )
})

export function Content({ text, marks }: { text: string; marks: Marks | null }) {
  return segmentsOf(text, marks).map(({ text, redacted, isHit }, place) => {
    const Element = isHit ? 'mark' : 'span'
    return (
      // biome-ignore lint/suspicious/noArrayIndexKey: the parts of one text have no other name than their place.
      <Element key={place} className={redacted === null ? undefined : styles.redacted}>
        {text}
      </Element>
    )
  })
}

/** The position within the text, in px, and what keeps it and the scroll bar together. */
function useScroll(
  box: React.RefObject<HTMLElement | null>,
  map: ReturnType<typeof scrollMap>,
  end: number,
  view: number,
) {
  const [wanted, setWanted] = useState(0)
  const at = Math.max(0, Math.min(end, wanted))
  /** Where the scroll bar was last seen, or put. */
  const last = useRef(0)
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined)
  const here = useRef({ at, map })
  here.current = { at, map }

  const settle = useCallback(() => {
    const { at, map } = here.current
    const scroll = map.toScroll(at)
    if (!box.current || Math.abs(box.current.scrollTop - scroll) < 1) return
    box.current.scrollTop = scroll
    last.current = box.current.scrollTop
  }, [box])
  useEffect(() => () => clearTimeout(timer.current), [])

  // While the index grows, a place in the text moves on the scroll bar, and stays where it is on the page.
  // biome-ignore lint/correctness/useExhaustiveDependencies: it is about the height.
  useLayoutEffect(() => {
    if (!map.exact) settle()
  }, [map.height, end, settle])

  const setAt = (next: number) => {
    const target = Math.max(0, Math.min(end, next))
    setWanted(target)
    here.current = { at: target, map }
    settle()
  }
  const onScroll = () => {
    const scroll = box.current!.scrollTop
    const by = scroll - last.current
    last.current = scroll
    if (Math.abs(by) < 1) return
    // A wheel or a finger moves the lines by what it moves; who drags the bar wants the place that it stands for.
    const isDragged = Math.abs(by) > 2 * view
    const edge = scroll <= 0 || scroll >= map.height - view - 1
    setWanted(map.exact || isDragged || edge ? map.toText(scroll) : at + by)
    clearTimeout(timer.current)
    if (!map.exact) timer.current = setTimeout(settle, IDLE)
  }
  return { at, setAt, onScroll }
}

function useSize(box: React.RefObject<HTMLElement | null>) {
  const [size, setSize] = useState({ view: 0, width: 0 })
  useLayoutEffect(() => {
    const element = box.current!
    const observer = new ResizeObserver(() =>
      setSize({ view: element.clientHeight, width: element.clientWidth }),
    )
    observer.observe(element)
    return () => observer.disconnect()
  }, [box])
  return size
}

/** In px; it only grows, or the scroll bar below would jump with each line that comes and goes. */
function useWidest(list: React.RefObject<HTMLElement | null>, reset: string): number {
  const [widest, setWidest] = useState({ reset, px: 0 })
  useLayoutEffect(() => {
    const px = list.current?.scrollWidth ?? 0
    if (widest.reset !== reset || px > widest.px) setWidest({ reset, px })
  })
  return widest.reset === reset ? widest.px : 0
}
