/** The pages by their addresses. Each is loaded when somebody goes there; the list of jobs, where most begin, at once. */
import { Compass } from 'lucide-react'
import { lazy, Suspense } from 'react'
import { Route, Switch } from 'wouter'
import { JobListPage } from './pages/job-list/job-list-page.tsx'
import { LinkButton } from './parts/button.tsx'
import { Notices } from './parts/notices.tsx'
import { Card, Empty, Page } from './parts/page.tsx'
import { Shell } from './shell.tsx'

const JobPage = lazy(() => import('./pages/job/job-page.tsx'))
const ReportPage = lazy(() => import('./pages/report/report-page.tsx'))
const FilePage = lazy(() => import('./pages/viewer/viewer-page.tsx'))
const UploadPage = lazy(() => import('./pages/upload/upload-page.tsx'))
const CallbacksPage = lazy(() => import('./pages/callbacks/callbacks-page.tsx'))
const OperationsPage = lazy(() => import('./pages/operations/operations-page.tsx'))
const KeysPage = lazy(() => import('./pages/keys/keys-page.tsx'))
const AuditPage = lazy(() => import('./pages/audit/audit-page.tsx'))

export function App() {
  return (
    <Notices>
      <Shell>
        <Suspense fallback={<p className="muted">Loading…</p>}>
          <Switch>
            <Route path="/">
              <JobListPage />
            </Route>
            <Route path="/upload">
              <UploadPage />
            </Route>
            <Route path="/jobs/:id">{({ id }) => <JobPage key={id} id={id} />}</Route>
            <Route path="/jobs/:id/report">{({ id }) => <ReportPage key={id} id={id} />}</Route>
            <Route path="/jobs/:id/view/*">
              {({ id, '*': name }) => <FilePage key={`${id}/${name}`} id={id} name={name} />}
            </Route>
            <Route path="/callbacks/*?">
              <CallbacksPage />
            </Route>
            <Route path="/operations">
              <OperationsPage />
            </Route>
            <Route path="/keys">
              <KeysPage />
            </Route>
            <Route path="/audit">
              <AuditPage />
            </Route>
            <Route>
              <NoSuchPage />
            </Route>
          </Switch>
        </Suspense>
      </Shell>
    </Notices>
  )
}

function NoSuchPage() {
  return (
    <Page title="There is no such page">
      <Card>
        <Empty icon={<Compass size={34} aria-hidden />} title="Nothing is at this address">
          <LinkButton href="/">To the jobs</LinkButton>
        </Empty>
      </Card>
    </Page>
  )
}
