/** What stands around every page: where one can go, who one is, and the way to find anything. */
import { LogOut, Menu as MenuIcon, Monitor, Moon, Search, Sun, X } from 'lucide-react'
import { type ReactNode, useEffect, useRef, useState } from 'react'
import { Link, useLocation } from 'wouter'
import { capital } from './format.ts'
import { Palette, usePaletteKey } from './palette.tsx'
import { Button } from './parts/button.tsx'
import { Menu, MenuItem } from './parts/menu.tsx'
import { useNotices } from './parts/notices.tsx'
import { OUTSIDE, PLACES, type Place, placesFor } from './places.ts'
import { signOut } from './service/call.ts'
import { scrollBackTo } from './service/kept-place.ts'
import { useSession } from './service/session.ts'
import { setTheme, THEMES, type Theme, useTheme } from './service/theme.ts'
import { cameByHistory, leftAt } from './service/travel.ts'
import styles from './shell.module.css'
import { useDraggedFiles } from './use-dragged-files.ts'

export function Shell({ children }: { children: ReactNode }) {
  const { session, rights } = useSession()
  const [location] = useLocation()
  const [menuOpen, setMenuOpen] = useState(false)
  const [paletteOpen, setPaletteOpen] = useState(false)
  usePaletteKey(() => setPaletteOpen(!paletteOpen))
  useDraggedFiles(rights.upload)
  const notices = useNotices()

  // On a phone the menu covers the page that was chosen in it.
  // biome-ignore lint/correctness/useExhaustiveDependencies: the change of place is what closes it.
  useEffect(() => setMenuOpen(false), [location])

  return (
    <div className={styles.shell}>
      <a className={styles.skip} href="#main">
        Skip to the page
      </a>
      <header className={styles.side} data-open={menuOpen || undefined}>
        <Link href="/" className={styles.brand}>
          <img src={`${import.meta.env.BASE_URL}favicon.svg`} alt="" width={26} height={26} />
          Sluice
        </Link>
        <Button
          kind="quiet"
          className={styles.menu}
          aria-expanded={menuOpen}
          aria-controls="places"
          onClick={() => setMenuOpen(!menuOpen)}
        >
          {menuOpen ? <X size={18} aria-hidden /> : <MenuIcon size={18} aria-hidden />}
          Menu
        </Button>
        <nav id="places" className={styles.nav} aria-label="Pages">
          <ul>
            {placesFor(rights, PLACES).map(place => (
              <li key={place.href}>
                <NavLink place={place} />
              </li>
            ))}
          </ul>
        </nav>
        <nav className={`${styles.nav} ${styles.outside}`} aria-label="Elsewhere">
          <ul>
            {placesFor(rights, OUTSIDE).map(({ href, name, icon: Icon }) => (
              <li key={href}>
                <a href={href}>
                  <Icon size={17} aria-hidden />
                  {name}
                </a>
              </li>
            ))}
          </ul>
        </nav>
        <div className={styles.foot}>
          <Button className={styles.find} onClick={() => setPaletteOpen(true)}>
            <Search size={16} aria-hidden />
            Go to…
            <kbd>{isApple ? '⌘' : 'Ctrl'} K</kbd>
          </Button>
          <div className={styles.account}>
            <div className={styles.who}>
              {session?.keys && (
                <>
                  <span>{session.name}</span>
                  <small>{capital(session.role)}</small>
                </>
              )}
            </div>
            <ThemeMenu />
            {session?.keys && (
              <Button
                kind="quiet"
                small
                aria-label="Sign out"
                title="Sign out"
                onClick={() => signOut().catch(notices.failed)}
              >
                <LogOut size={17} aria-hidden />
              </Button>
            )}
          </div>
        </div>
      </header>
      <Main>{children}</Main>
      <Palette open={paletteOpen} onClose={() => setPaletteOpen(false)} rights={rights} />
    </div>
  )
}

const isApple = /Mac|iPhone|iPad/.test(navigator.platform)

function NavLink({ place: { href, name, icon: Icon } }: { place: Place }) {
  const [location] = useLocation()
  const here = href === '/' ? location === '/' || location.startsWith('/jobs/') : location.startsWith(href)
  return (
    <Link href={href} aria-current={here ? 'page' : undefined}>
      <Icon size={17} aria-hidden />
      {name}
    </Link>
  )
}

/** Takes the focus when the page changes, as a document that is loaded would: who listens hears where they are. */
function Main({ children }: { children: ReactNode }) {
  const [location] = useLocation()
  const main = useRef<HTMLElement>(null)
  const first = useRef(true)
  // biome-ignore lint/correctness/useExhaustiveDependencies: the change of place is what it is about.
  useEffect(() => {
    if (first.current) {
      first.current = false
      return
    }
    const returned = cameByHistory()
    // In any case: what the page before this one waits for ends with it.
    scrollBackTo(returned ? leftAt() : 0)
    if (!returned) scrollTo(0, 0)
    // What was left there may have taken the focus back by itself.
    if (returned && main.current?.contains(document.activeElement)) return
    main.current?.focus({ preventScroll: true })
  }, [location])
  return (
    <main id="main" ref={main} tabIndex={-1} className={styles.main}>
      {children}
    </main>
  )
}

const THEME_ICONS = { system: Monitor, light: Sun, dark: Moon } satisfies Record<Theme, unknown>

function ThemeMenu() {
  const theme = useTheme()
  const Icon = THEME_ICONS[theme]
  return (
    <Menu
      trigger={
        <Button kind="quiet" small aria-label={`Theme: ${theme}`} title="Theme">
          <Icon size={17} aria-hidden />
        </Button>
      }
    >
      {THEMES.map(each => {
        const EachIcon = THEME_ICONS[each]
        return (
          <MenuItem key={each} onSelect={() => setTheme(each)}>
            <EachIcon size={16} aria-hidden />
            {each === 'system' ? 'As the system' : capital(each)}
          </MenuItem>
        )
      })}
    </Menu>
  )
}
