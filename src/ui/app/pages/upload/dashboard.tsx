/** Uppy's dashboard: drop, paste, choose files or folders; each file's progress, pause, retry. */
import '@uppy/core/css/style.css'
import '@uppy/dashboard/css/style.css'
import Dashboard from '@uppy/dashboard'
import DropTarget from '@uppy/drop-target'
import { useEffect, useRef, useState } from 'react'
import { useTheme } from '../../service/theme.ts'
import './dashboard.css'
import { useMaking } from './draft.ts'
import { type Intake, intake, isUnderWay } from './intake.ts'
import { pace, type Sample, sampled } from './pace.ts'
import { useStall } from './stall-note.tsx'

const STRINGS = {
  dropPasteBoth: 'Drop files or folders anywhere, paste, %{browseFiles} or %{browseFolders}',
  // Uppy takes an empty file's size for an unknown one, and with it that of them all.
  dataUploadedOfUnknown: '%{complete} so far',
  sessionRestored: 'Your upload is still here',
  recoveredAllFiles: 'It goes on where it was.',
  recoveredXFiles: {
    0: 'One file is more than the browser keeps. Choose it again, and it goes on where it was.',
    1: '%{smart_count} files are more than the browser keeps. Choose them again, and they go on where they were.',
  },
  reSelect: 'Choose again',
  uploadXFiles: {
    0: 'Upload %{smart_count} file and process',
    1: 'Upload %{smart_count} files and process',
  },
}

const PREPARING = { uploadXFiles: { 0: 'Preparing…', 1: 'Preparing…' } }
const WAITING = {
  uploading: 'Waiting',
  uploadingXFiles: { 0: '%{smart_count} file waits', 1: '%{smart_count} files wait' },
}

export function IntakeDashboard() {
  const place = useRef<HTMLDivElement>(null)
  const theme = useTheme()
  const preparing = useMaking()
  const stalled = useStall() !== null

  useEffect(() => {
    intake.use(Dashboard, {
      inline: true,
      target: place.current!,
      width: '100%',
      height: 'var(--height)',
      proudlyDisplayPoweredByUppy: false,
      fileManagerSelectionType: 'both',
      disableThumbnailGenerator: true,
      singleFileFullScreen: false,
      showLinkToFileUploadResult: false,
      hideProgressDetails: false,
      doneButtonHandler: null,
      theme: 'auto',
      note: 'Logs, plain or compressed, archives of them. Anything at all for the pipeline “inspect”.',
      locale: {
        strings: STRINGS,
      },
    })
    intake.use(DropTarget, { target: document.body })
    // Several files are a list to it, and a single one is an item of none.
    const observer = new MutationObserver(() =>
      place.current?.querySelector('.uppy-Dashboard-files:not([role])')?.setAttribute('role', 'list'),
    )
    observer.observe(place.current!, { childList: true, subtree: true })
    return () => {
      observer.disconnect()
      for (const id of ['Dashboard', 'DropTarget']) {
        const plugin = intake.getPlugin(id)
        if (plugin) intake.removePlugin(plugin)
      }
    }
  }, [])

  useEffect(() => {
    dashboardOf(intake)?.setOptions({ theme: theme === 'system' ? 'auto' : theme })
  }, [theme])
  const told = usePace(stalled)
  useEffect(() => {
    dashboardOf(intake)?.setOptions({
      hideProgressDetails: stalled,
      locale: {
        strings: {
          ...STRINGS,
          ...(preparing && PREPARING),
          ...(stalled && WAITING),
          // Uppy's own time left counts every standstill as slowness, and takes minutes to get over it.
          xTimeLeft: told || '…',
        },
      },
    })
  }, [preparing, stalled, told])

  return (
    <div
      ref={place}
      className="intake"
      data-preparing={preparing || undefined}
      onClickCapture={event => {
        // It keeps its place, and the focus; a second press is not a second upload.
        const { target } = event
        if (preparing && target instanceof Element && target.closest('.uppy-StatusBar-actionBtn--upload'))
          event.stopPropagation()
      }}
    />
  )
}

/** How fast it goes, kept current. @param stalled nothing is sent: what was measured before says nothing any more */
function usePace(stalled: boolean): string {
  const [told, setTold] = useState('')
  useEffect(() => {
    if (stalled) return
    let samples: readonly Sample[] = []
    const timer = setInterval(() => {
      const files = intake.getFiles().filter(({ progress }) => progress.uploadStarted)
      const isSending =
        isUnderWay() && files.some(({ progress, isPaused }) => !progress.uploadComplete && !isPaused)
      if (!isSending) samples = []
      else {
        const sent = files.reduce((sum, { progress }) => sum + (progress.bytesUploaded || 0), 0)
        samples = sampled(samples, [performance.now(), sent])
        setTold(pace(samples, files.reduce((sum, { size }) => sum + (size ?? 0), 0) - sent))
      }
    }, 1_000)
    return () => {
      clearInterval(timer)
      setTold('')
    }
  }, [stalled])
  return told
}

function dashboardOf(uppy: Intake): { setOptions(options: object): void } | undefined {
  return uppy.getPlugin('Dashboard')
}
