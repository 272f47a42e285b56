/** The command palette: every page, the newest jobs that fit what is typed, a job by its id, the themes. */
import { Autocomplete } from '@base-ui/react/autocomplete'
import { Dialog } from '@base-ui/react/dialog'
import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { FileText, type LucideIcon, Moon, Sun } from 'lucide-react'
import { useEffect, useState } from 'react'
import { useLocation } from 'wouter'
import { ago, capital, titleOf } from './format.ts'
import styles from './palette.module.css'
import { OUTSIDE, PLACES, placesFor } from './places.ts'
import { searchJobs } from './service/jobs.ts'
import { mentions } from './service/mentions.ts'
import type { Rights } from './service/session.ts'
import { setTheme } from './service/theme.ts'

/** How long somebody must have stopped typing before jobs are looked for, in ms. */
const TYPING = 200

interface Command {
  readonly id: string
  readonly name: string
  readonly about?: string
  readonly icon: LucideIcon
  run(): void
}

/** Calls when Ctrl K (⌘ K) is pressed anywhere. */
export function usePaletteKey(onPress: () => void): void {
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (event.key !== 'k' || !(event.ctrlKey || event.metaKey)) return
      event.preventDefault()
      if (!event.repeat) onPress()
    }
    document.addEventListener('keydown', onKey)
    return () => document.removeEventListener('keydown', onKey)
  })
}

interface Props {
  open: boolean
  onClose: () => void
  rights: Rights
}

export function Palette({ open, onClose, rights }: Props) {
  return (
    <Dialog.Root open={open} onOpenChange={next => !next && onClose()}>
      <Dialog.Portal>
        <Dialog.Backdrop className={styles.backdrop} />
        <Dialog.Popup className={styles.popup} aria-label="Go to">
          <Commands onClose={onClose} rights={rights} />
        </Dialog.Popup>
      </Dialog.Portal>
    </Dialog.Root>
  )
}

function Commands({ onClose, rights }: Omit<Props, 'open'>) {
  const [text, setText] = useState('')
  const [, navigate] = useLocation()
  const wanted = text.trim()
  const asked = useSettled(wanted)
  const { data, error, isFetching } = useQuery({
    queryKey: ['palette', asked],
    queryFn: ({ signal }) => searchJobs(asked, 6, signal),
    placeholderData: keepPreviousData,
  })
  const looking = asked !== wanted || isFetching
  // What was found for fewer letters may not fit any more: Enter would lead to another job than the one that is meant.
  const jobs = (data ?? []).filter(job => !looking || mentions(job, wanted.toLowerCase()))

  const places: Command[] = placesFor(rights, [...PLACES, ...OUTSIDE]).map(
    ({ href, name, icon, outside }) => ({
      id: href,
      name,
      icon,
      run: () => (outside ? location.assign(href) : navigate(href)),
    }),
  )
  const themes: Command[] = [
    { id: 'light', name: 'Light theme', icon: Sun, run: () => setTheme('light') },
    { id: 'dark', name: 'Dark theme', icon: Moon, run: () => setTheme('dark') },
  ]
  const fits = ({ name }: Command) => name.toLowerCase().includes(wanted.toLowerCase())
  const commands: Command[] = [
    ...places.filter(fits),
    ...jobs.map(job => ({
      id: job.id,
      name: titleOf(job),
      about: `${capital(job.status)}, ${ago(job.createdAt)}`,
      icon: FileText,
      run: () => navigate(`/jobs/${encodeURIComponent(job.id)}`),
    })),
    ...themes.filter(fits),
  ]

  return (
    <Autocomplete.Root
      items={commands}
      value={text}
      onValueChange={(next, { reason }) => reason !== 'item-press' && setText(next)}
      itemToStringValue={(command: Command) => command.name}
      filter={null}
      open
      inline
      autoHighlight="always"
    >
      <Autocomplete.Input
        className={styles.input}
        placeholder="A page, a file’s name, a job’s id…"
        aria-label="Go to"
      />
      <Autocomplete.Status className={styles.status}>
        {wordsFor({ looking, error, found: commands.length })}
      </Autocomplete.Status>
      <Autocomplete.List className={styles.list}>
        {({ id, name, about, icon: Icon, run }: Command) => (
          <Autocomplete.Item
            key={id}
            value={commands.find(command => command.id === id)}
            className={styles.item}
            onClick={() => {
              onClose()
              run()
            }}
          >
            <Icon size={17} aria-hidden />
            <span>{name}</span>
            {about && <small>{about}</small>}
          </Autocomplete.Item>
        )}
      </Autocomplete.List>
    </Autocomplete.Root>
  )
}

function wordsFor({ looking, error, found }: { looking: boolean; error: Error | null; found: number }) {
  if (looking) return found === 0 ? 'Looking for jobs…' : null
  if (error) return `Jobs could not be looked for. ${error.message}`
  return found === 0 ? 'Nothing fits.' : null
}

/** A text once it has not changed for a while. */
function useSettled(text: string): string {
  const [settled, setSettled] = useState(text)
  useEffect(() => {
    const timer = setTimeout(() => setSettled(text), TYPING)
    return () => clearTimeout(timer)
  }, [text])
  return settled
}
