/** A drawing by uPlot that fits its box and the theme. What it shows must stand in words beside it, too. */
import { useThemeChanges } from '../service/theme.ts'
import 'uplot/dist/uPlot.min.css'
import { useEffect, useRef } from 'react'
import type uPlot from 'uplot'

/** Of the page's names for colours, such as `--bad`: a canvas knows nothing of them. */
export type Colour = (name: `--${string}`) => string

interface Props {
  /** Another one draws anew. */
  draw: (box: HTMLElement, colour: Colour) => uPlot
  /** What it says, in words. */
  label: string
  className?: string | undefined
}

export function Plot({ draw, label, className }: Props) {
  const box = useRef<HTMLDivElement>(null)
  const theme = useThemeChanges()
  // biome-ignore lint/correctness/useExhaustiveDependencies: its colours are those of the theme.
  useEffect(() => {
    const element = box.current!
    const plot = draw(element, name => colourIn(element, name))
    const observer = new ResizeObserver(() =>
      plot.setSize({ width: element.clientWidth, height: element.clientHeight }),
    )
    observer.observe(element)
    return () => {
      observer.disconnect()
      plot.destroy()
    }
  }, [draw, theme])
  return <div ref={box} className={className} role="img" aria-label={label} />
}

function colourIn(box: HTMLElement, name: string): string {
  // One each: a colour that changes may be on its way to the next one when it is asked for.
  const probe = document.createElement('span')
  probe.style.color = `var(${name})`
  box.append(probe)
  const { color } = getComputedStyle(probe)
  probe.remove()
  return color
}
