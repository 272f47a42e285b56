import { Page } from '../../parts/page.tsx'

export default function ViewerPage({ id, name }: { id: string; name: string }) {
  return <Page title={`${id} ${name}`}>…</Page>
}
