/** A report, and which part of it the address says to show. */
import { useCallback, useMemo, useState } from 'react'
import { useLocation, useSearch } from 'wouter'
import type { Report } from '../../contract.ts'
import { Figures } from './figures.tsx'
import { FilesTable } from './files-table.tsx'
import { Findings } from './findings.tsx'
import { Redactions } from './redactions.tsx'
import { type Filter, findingsIn, readFilter, writeFilter } from './report-filter.ts'
import styles from './report-view.module.css'
import { Templates } from './templates.tsx'
import { textsOf } from './texts.ts'
import { Timeline } from './timeline.tsx'

export function ReportView({ id, report }: { id: string; report: Report.ReportJson }) {
  const search = useSearch()
  const [, navigate] = useLocation()
  const filter = useMemo(() => readFilter(search), [search])
  const onFilter = useCallback(
    (next: Partial<Filter>) =>
      navigate(location.pathname + writeFilter({ ...readFilter(location.search), ...next }), {
        replace: true,
      }),
    [navigate],
  )
  const [showAllFiles, setShowAllFiles] = useState(false)
  const { files, findings, timeline, totals } = report
  const texts = useMemo(() => textsOf(id, files), [id, files])

  return (
    <div className={styles.report}>
      <Figures totals={totals} />
      <Timeline timeline={timeline} span={filter.span} onSpan={span => onFilter({ span })} />
      <Findings
        findings={findingsIn(findings, filter)}
        total={findings.length}
        texts={texts}
        manyFiles={files.length > 1}
      />
      <Redactions redactions={totals.redactions} />
      <FilesTable
        files={files}
        jobId={id}
        texts={texts}
        showAll={showAllFiles}
        onShowAll={() => setShowAllFiles(true)}
      />
      <Templates {...{ report, filter, onFilter, texts }} />
    </div>
  )
}
