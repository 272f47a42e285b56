/**
 * Browsers lay nothing out beyond some 16 to 33 million pixels, which is a file of a million lines. So what scrolls is
 * never taller than `TALLEST`, and stands for all of the text: pixel for pixel near both ends, where a hand that
 * scrolls to the end must arrive at it, and compressed between them.
 */

/** In px. */
export const TALLEST = 8_000_000
/** How much at either end is not compressed, in px: more than one gesture scrolls. */
const EXACT = 1_000_000

export interface ScrollMap {
  /** Of what scrolls, in px. */
  readonly height: number
  /** Whether both are the same everywhere. */
  readonly exact: boolean
  /** Both measure the distance to the top of what is seen, in px. */
  toText(scroll: number): number
  toScroll(text: number): number
}

/** @param text the height of all of it, @param view of the part that is seen; both in px */
export function scrollMap(text: number, view: number): ScrollMap {
  if (text <= TALLEST) {
    return { height: Math.max(text, view), exact: true, toText: same, toScroll: same }
  }
  const scrollEnd = TALLEST - view
  const textEnd = text - view
  const ratio = (textEnd - 2 * EXACT) / (scrollEnd - 2 * EXACT)
  return {
    height: TALLEST,
    exact: false,
    toText(scroll) {
      if (scroll <= EXACT) return scroll
      if (scroll >= scrollEnd - EXACT) return textEnd - (scrollEnd - scroll)
      return EXACT + (scroll - EXACT) * ratio
    },
    toScroll(at) {
      if (at <= EXACT) return at
      if (at >= textEnd - EXACT) return scrollEnd - (textEnd - at)
      return EXACT + (at - EXACT) / ratio
    },
  }
}

function same(px: number): number {
  return px
}
