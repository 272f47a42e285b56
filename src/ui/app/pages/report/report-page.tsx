import { Page } from '../../parts/page.tsx'

export default function ReportPage({ id }: { id: string }) {
  return <Page title={id}>…</Page>
}
