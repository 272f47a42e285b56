/** Filters under a name: those that everybody has, and a reader's own. */
import { Bookmark, Pencil, Trash2 } from 'lucide-react'
import { useState } from 'react'
import { Button } from '../../parts/button.tsx'
import { Dialog } from '../../parts/dialog.tsx'
import { TextField } from '../../parts/field.tsx'
import { Menu, MenuItem, MenuSeparator } from '../../parts/menu.tsx'
import { type Filter, isEverything, readFilter, writeFilter } from './filter.ts'
import {
  changeViews,
  faultOfName,
  GIVEN_VIEWS,
  isSameName,
  type SavedView,
  saveView,
  useSavedViews,
} from './saved-views.ts'
import styles from './views.module.css'

/** Characters. */
const LONGEST_NAME = 60

interface Props {
  filter: Filter
  onChange: (filter: Filter) => void
}

export function Views({ filter, onChange }: Props) {
  const saved = useSavedViews()
  const [open, setOpen] = useState<'save' | 'change' | null>(null)
  const close = () => setOpen(null)
  return (
    <>
      <Menu
        trigger={
          <Button>
            <Bookmark size={16} aria-hidden />
            Views
          </Button>
        }
      >
        {[...GIVEN_VIEWS, ...saved].map(view => (
          <MenuItem key={view.name} onSelect={() => onChange(readFilter(view.search))}>
            {view.name}
          </MenuItem>
        ))}
        <MenuSeparator />
        <MenuItem onSelect={() => setOpen('save')} disabled={isEverything(filter)}>
          <Bookmark size={15} aria-hidden /> Save this view…
        </MenuItem>
        <MenuItem onSelect={() => setOpen('change')} disabled={saved.length === 0}>
          <Pencil size={15} aria-hidden /> Change your views…
        </MenuItem>
      </Menu>
      <SaveView open={open === 'save'} onClose={close} filter={filter} />
      {open === 'change' && <ChangeViews views={saved} onClose={close} />}
    </>
  )
}

function SaveView({ open, onClose, filter }: { open: boolean; onClose: () => void; filter: Filter }) {
  const [name, setName] = useState('')
  const fault = faultOfName(name)
  const save = () => {
    if (fault) return
    saveView({ name: name.trim(), search: writeFilter(filter) })
    setName('')
    onClose()
  }
  return (
    <Dialog
      open={open}
      onClose={onClose}
      title="Save this view"
      buttons={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button kind="primary" onClick={save} disabled={fault !== undefined}>
            Save
          </Button>
        </>
      }
    >
      <TextField
        label="Name"
        hint="Kept in this browser. A view of the same name is replaced."
        error={name ? fault : undefined}
        value={name}
        maxLength={LONGEST_NAME}
        onChange={event => setName(event.target.value)}
        onKeyDown={event => event.key === 'Enter' && save()}
      />
    </Dialog>
  )
}

/** @param views as they are now; those that another tab adds meanwhile stay as they are */
function ChangeViews({ views, onClose }: { views: readonly SavedView[]; onClose: () => void }) {
  /** What was typed, by their present names. */
  const [names, setNames] = useState<Readonly<Record<string, string>>>({})
  const [removed, setRemoved] = useState<ReadonlySet<string>>(new Set())
  const left = views
    .filter(({ name }) => !removed.has(name))
    .map(view => ({ view, typed: names[view.name] ?? view.name }))
  const faultOf = (typed: string) =>
    faultOfName(typed) ??
    (left.filter(other => isSameName(other.typed, typed)).length > 1
      ? 'Another view has this name.'
      : undefined)
  const faulty = left.some(({ typed }) => faultOf(typed))
  const save = () => {
    if (faulty) return
    changeViews(new Map(left.map(({ view, typed }) => [view.name, typed.trim()])), removed)
    onClose()
  }
  return (
    <Dialog
      open
      onClose={onClose}
      title="Your views"
      buttons={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button kind="primary" onClick={save} disabled={faulty}>
            Save
          </Button>
        </>
      }
    >
      {left.length === 0 && <p>None is left.</p>}
      <ul className={styles.views} aria-label="Your views">
        {left.map(({ view: { name, search }, typed }) => (
          <li key={name}>
            <TextField
              label={`Name of “${name}”`}
              hint={wordsFor(search)}
              error={faultOf(typed)}
              value={typed}
              maxLength={LONGEST_NAME}
              onChange={event => setNames({ ...names, [name]: event.target.value })}
              onKeyDown={event => event.key === 'Enter' && save()}
            />
            <Button
              kind="danger"
              aria-label={`Remove “${name}”`}
              title="Remove"
              onClick={() => setRemoved(removed.union(new Set([name])))}
            >
              <Trash2 size={16} aria-hidden />
            </Button>
          </li>
        ))}
      </ul>
    </Dialog>
  )
}

function wordsFor(search: string): string {
  return [...new URLSearchParams(search)].map(([name, value]) => `${name}: ${value}`).join(' · ')
}
