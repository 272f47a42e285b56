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
    const copied = await copyText(typeof text === 'string' ? text : text()).then(
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

/** @throws Error with a sentence for people: a browser may refuse, and has no clipboard at all on a page without TLS. */
export async function copyText(text: string): Promise<void> {
  try {
    await navigator.clipboard.writeText(text)
  } catch (error) {
    throw new Error('The browser does not allow this page to copy. Open it over https, or allow it.', {
      cause: error,
    })
  }
}
