/** Where the keyboard is in the list: at a job, wherever others push it. */
import { useState } from 'react'

/**
 * @param first where it begins, though at none yet; less than 0: at the top
 * @returns the id of its job, or ''; what puts it elsewhere; and `left`, the row that it was at last
 */
export function useCurrent(narrowed: string, first: () => number) {
  const [at, setAt] = useState(() => ({ narrowed, id: '', index: Math.max(0, first()) }))
  const isHere = at.narrowed === narrowed
  return {
    currentId: isHere ? at.id : '',
    left: isHere ? at.index : 0,
    setCurrent: (id: string, index: number) => setAt({ narrowed, id, index }),
  }
}
