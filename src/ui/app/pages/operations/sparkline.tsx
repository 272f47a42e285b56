/** How a figure went, small; the figures themselves stand beside it. */
import styles from './sparkline.module.css'

const WIDTH = 160
const HEIGHT = 26
/** So that a line at the very top or bottom is not cut, in px. */
const MARGIN = 2

/** @param values the oldest first; null where there was nothing, and nothing is drawn. */
export function Sparkline({ values }: { values: readonly (number | null)[] }) {
  const most = Math.max(1, ...values.map(value => value ?? 0))
  const step = WIDTH / Math.max(1, values.length)
  return (
    <svg
      className={styles.line}
      viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
      preserveAspectRatio="none"
      aria-hidden="true"
    >
      {values.map((value, place) => {
        if (value === null) return null
        const height = Math.max(MARGIN, (value / most) * (HEIGHT - MARGIN))
        return (
          <rect
            // biome-ignore lint/suspicious/noArrayIndexKey: its place in time is what it is.
            key={place}
            x={place * step}
            y={HEIGHT - height}
            width={Math.max(1, step * 0.8)}
            height={height}
          />
        )
      })}
    </svg>
  )
}
