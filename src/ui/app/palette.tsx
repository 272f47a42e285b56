/** The command palette: every page, the newest jobs that fit what is typed, a job by its id, the themes. */
import { Autocomplete } from '@base-ui/react/autocomplete'
import { Dialog } from '@base-ui/react/dialog'
import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { FileText, type LucideIcon, Moon, Sun } from 'lucide-react'
import { useEffect, useState } from 'react'
import { useLocation } from 'wouter'
import { capital, titleOf } from './format.ts'
import styles from './palette.module.css'
import { OUTSIDE, PLACES, placesFor } from './places.ts'
import { searchJobs } from './service/jobs.ts'
import type { Rights } from './service/session.ts'
import { setTheme } from './service/theme.ts'

interface Command {
  readonly id: string
  readonly name: string
  readonly about?: string
  readonly icon: LucideIcon
  run(): void
}

/** Calls when Ctrl K (⌘ K) is pressed anywhere. */
export function usePaletteKey(onOpen: () => void): void {
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (event.key !== 'k' || !(event.ctrlKey || event.metaKey)) return
      event.preventDefault()
      onOpen()
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
  const { data: jobs = [] } = useQuery({
    queryKey: ['palette', wanted],
    queryFn: ({ signal }) => searchJobs(wanted, 6, signal),
    placeholderData: keepPreviousData,
  })

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
    ...[...places, ...themes].filter(fits),
    ...jobs.map(job => ({
      id: job.id,
      name: titleOf(job),
      about: capital(job.status),
      icon: FileText,
      run: () => navigate(`/jobs/${encodeURIComponent(job.id)}`),
    })),
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
      <Autocomplete.Empty className={styles.empty}>Nothing fits.</Autocomplete.Empty>
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
            {name}
            {about && <small>{about}</small>}
          </Autocomplete.Item>
        )}
      </Autocomplete.List>
    </Autocomplete.Root>
  )
}
