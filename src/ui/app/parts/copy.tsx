/** A button that copies a text, and says that it did. */
import { Check, Copy } from 'lucide-react'
import { type ReactNode, useState } from 'react'
import { Button } from './button.tsx'

/** How long it says so, in ms. */
const SAID = 2_000

/** @param text or what makes it, at the moment of the click. */
export function CopyButton({ text, children }: { text: string | (() => string); children: ReactNode }) {
  const [said, setSaid] = useState<'Copied' | 'Copy it by hand' | null>(null)
  const copy = async () => {
    // Browsers give the clipboard to no page that came by plain HTTP from another machine.
    const copied = await navigator.clipboard?.writeText(typeof text === 'string' ? text : text()).then(
      () => true,
      () => false,
    )
    setSaid(copied ? 'Copied' : 'Copy it by hand')
    setTimeout(() => setSaid(null), SAID)
  }
  return (
    <Button small onClick={copy}>
      {said === 'Copied' ? <Check size={15} aria-hidden /> : <Copy size={15} aria-hidden />}
      <span aria-live="polite">{said ?? children}</span>
    </Button>
  )
}
