export default function CallbacksPage() {
  return null
}
