/** Files that are dragged over any page lead to where they can be dropped; those that are pasted are taken there. */
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
    const paste = (event: ClipboardEvent) => {
      const files = [...(event.clipboardData?.files ?? [])]
      // Uppy's own part of the page takes what is pasted into it.
      const taken = event.target instanceof Element && event.target.closest('.uppy-Dashboard')
      if (!mayUpload || files.length === 0 || taken) return
      event.preventDefault()
      if (location !== UPLOAD) navigate(UPLOAD)
      void add(files)
    }
    addEventListener('dragenter', enter)
    addEventListener('paste', paste)
    addEventListener('dragover', keepPage)
    addEventListener('drop', keepPage)
    return () => {
      removeEventListener('dragenter', enter)
      removeEventListener('paste', paste)
      removeEventListener('dragover', keepPage)
      removeEventListener('drop', keepPage)
    }
  }, [mayUpload, location, navigate])
}

async function add(files: readonly File[]): Promise<void> {
  const { intake } = await import('./pages/upload/intake.ts')
  intake.addFiles(files.map(file => ({ name: file.name, type: file.type, data: file, source: 'paste' })))
}
