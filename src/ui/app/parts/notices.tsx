/** Short notices in the corner: what an action came to, where the page itself does not show it. */
import { Toast } from '@base-ui/react/toast'
import { X } from 'lucide-react'
import type { ReactNode } from 'react'
import styles from './notices.module.css'

const manager = Toast.createToastManager()

/** For what ends while nobody knows which page is looked at. */
export const notices = tellBy(manager)

export function Notices({ children }: { children: ReactNode }) {
  return (
    <Toast.Provider toastManager={manager}>
      {children}
      <Toast.Portal>
        <Toast.Viewport className={styles.viewport}>
          <List />
        </Toast.Viewport>
      </Toast.Portal>
    </Toast.Provider>
  )
}

function List() {
  const { toasts } = Toast.useToastManager()
  return toasts.map(toast => (
    <Toast.Root key={toast.id} toast={toast} className={styles.notice} data-type={toast.type}>
      <Toast.Content className={styles.content}>
        <Toast.Description />
      </Toast.Content>
      <Toast.Close className={styles.close} aria-label="Dismiss">
        <X size={16} aria-hidden />
      </Toast.Close>
    </Toast.Root>
  ))
}

/** @returns what tells: `tell.done('Deleted 3 jobs.')`, `tell.failed(error)`. */
export function useNotices() {
  return tellBy(Toast.useToastManager())
}

function tellBy({ add }: Pick<typeof manager, 'add'>) {
  return {
    done: (description: string) => add({ description, type: 'success' }),
    failed: (error: unknown) =>
      add({ description: (error as Error).message, type: 'error', priority: 'high', timeout: 12_000 }),
  }
}
