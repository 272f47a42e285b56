/** What narrows a list, as it stands in the address under the API's own names. */
import { useSearchParams } from 'wouter'

/** @returns each value, `''` where there is none; what sets one; what sets none; and the query of the API. */
export function useAddressFilter<Name extends string>(names: readonly Name[]) {
  const [params, setParams] = useSearchParams()
  const set = (name: Name, value: string) =>
    setParams(
      old => {
        const next = new URLSearchParams(old)
        if (value) next.set(name, value)
        else next.delete(name)
        return next
      },
      { replace: true },
    )
  const values = Object.fromEntries(names.map(name => [name, params.get(name) ?? ''])) as Record<Name, string>
  const query = new URLSearchParams(names.flatMap(name => (values[name] ? [[name, values[name]]] : [])))
  const clear = () => setParams({}, { replace: true })
  return { values, set, clear, query }
}
