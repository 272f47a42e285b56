/** Between deliveries and endpoints; who sees one of them only needs no way between. */
import { Link, useLocation } from 'wouter'
import { useSession } from '../../service/session.ts'
import styles from './tabs.module.css'

const TABS = [
  { href: '/callbacks', name: 'Deliveries' },
  { href: '/callbacks/endpoints', name: 'Endpoints' },
]

export function Tabs() {
  const { rights } = useSession()
  const [location] = useLocation()
  if (!rights.administer) return null
  return (
    <nav className={styles.tabs} aria-label="Callbacks">
      {TABS.map(({ href, name }) => (
        <Link key={href} href={href} aria-current={href === location ? 'page' : undefined}>
          {name}
        </Link>
      ))}
    </nav>
  )
}
