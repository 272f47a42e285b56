import { Page } from '../../parts/page.tsx'

export default function JobPage({ id }: { id: string }) {
  return <Page title={id}>…</Page>
}
