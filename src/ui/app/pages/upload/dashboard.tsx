/** Uppy's dashboard: drop, paste, choose files or folders; each file's progress, pause, retry. */
import '@uppy/core/css/style.css'
import '@uppy/dashboard/css/style.css'
import Dashboard from '@uppy/dashboard'
import DropTarget from '@uppy/drop-target'
import { useEffect, useRef } from 'react'
import { useTheme } from '../../service/theme.ts'
import './dashboard.css'
import { type Intake, intake } from './intake.ts'

export function IntakeDashboard() {
  const place = useRef<HTMLDivElement>(null)
  const theme = useTheme()

  useEffect(() => {
    intake.use(Dashboard, {
      inline: true,
      target: place.current!,
      width: '100%',
      height: 560,
      proudlyDisplayPoweredByUppy: false,
      fileManagerSelectionType: 'both',
      disableThumbnailGenerator: true,
      showLinkToFileUploadResult: false,
      hideProgressDetails: false,
      doneButtonHandler: null,
      theme: 'auto',
      note: 'Logs, plain or compressed, archives of them. Anything at all for the pipeline “inspect”.',
      locale: {
        strings: {
          dropPasteBoth: 'Drop files or folders anywhere, paste, %{browseFiles} or %{browseFolders}',
          // Uppy takes an empty file's size for an unknown one, and with it that of them all.
          dataUploadedOfUnknown: '%{complete} so far',
          uploadXFiles: {
            0: 'Upload %{smart_count} file and process',
            1: 'Upload %{smart_count} files and process',
          },
        },
      },
    })
    intake.use(DropTarget, { target: document.body })
    return () => {
      for (const id of ['Dashboard', 'DropTarget']) {
        const plugin = intake.getPlugin(id)
        if (plugin) intake.removePlugin(plugin)
      }
    }
  }, [])

  useEffect(() => {
    dashboardOf(intake)?.setOptions({ theme: theme === 'system' ? 'auto' : theme })
  }, [theme])

  return <div ref={place} className="intake" />
}

function dashboardOf(uppy: Intake): { setOptions(options: object): void } | undefined {
  return uppy.getPlugin('Dashboard')
}
