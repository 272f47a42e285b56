/** Choosing a part of a chart by dragging over it: with a mouse, a pen or a finger. */
import type uPlot from 'uplot'

/** In px; a shorter drag was meant to be a click, or a tap. */
const SHORTEST_DRAG = 5

/** @param onPart both in px from the left of what is drawn on. Called when the pointer is lifted. */
export function brush(plot: uPlot, onPart: (left: number, right: number) => void): void {
  const { over } = plot
  let start: number | null = null

  const placeOf = ({ clientX }: PointerEvent) => {
    const { left, width } = over.getBoundingClientRect()
    return Math.max(0, Math.min(width, clientX - left))
  }
  const show = (from: number, to: number) => {
    const [left, width] = [Math.min(from, to), Math.abs(to - from)]
    plot.setSelect({ left, top: 0, width, height: width > 0 ? over.clientHeight : 0 }, false)
  }

  const end = ({ pointerType }: PointerEvent) => {
    start = null
    show(0, 0)
    // A finger that was lifted points at nothing any more; a mouse still does.
    if (pointerType !== 'mouse') plot.setCursor({ left: -1, top: -1 })
  }

  over.addEventListener('pointerdown', event => {
    if (event.button !== 0 || !event.isPrimary) return
    start = placeOf(event)
    // It goes on when the pointer leaves the chart.
    over.setPointerCapture(event.pointerId)
  })
  over.addEventListener('pointermove', event => {
    if (start === null) return
    const here = placeOf(event)
    show(start, here)
    // A finger moves no mouse, and wants to be told what is under it as well.
    plot.setCursor({ left: here, top: 0 })
  })
  over.addEventListener('pointerup', event => {
    if (start === null) return
    const [from, to] = [start, placeOf(event)].sort((a, b) => a - b) as [number, number]
    end(event)
    if (to - from >= SHORTEST_DRAG) onPart(from, to)
  })
  // A finger that turned out to scroll the page.
  over.addEventListener('pointercancel', end)
}
