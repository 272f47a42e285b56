/** Files that are dragged over any page lead to where they can be dropped. */
import { useEffect } from 'react'
import { useLocation } from 'wouter'

const UPLOAD = '/upload'

export function useDraggedFiles(mayUpload: boolean): void {
  const [location, navigate] = useLocation()
  useEffect(() => {
    const carriesFiles = ({ dataTransfer }: DragEvent) => dataTransfer?.types.includes('Files') ?? false
    const enter = (event: DragEvent) => {
      if (mayUpload && carriesFiles(event) && location !== UPLOAD) navigate(UPLOAD)
    }
    // Left to itself the browser would open the file in the place of the page, and end what is under way on it.
    const keepPage = (event: DragEvent) => {
      if (carriesFiles(event)) event.preventDefault()
    }
    addEventListener('dragenter', enter)
    addEventListener('dragover', keepPage)
    addEventListener('drop', keepPage)
    return () => {
      removeEventListener('dragenter', enter)
      removeEventListener('dragover', keepPage)
      removeEventListener('drop', keepPage)
    }
  }, [mayUpload, location, navigate])
}
