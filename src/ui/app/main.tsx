import './styles/tokens.css'
import './styles/base.css'
import '@fontsource-variable/inter'
import { QueryClient, QueryClientProvider } from '@tanstack/react-query'
import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { App } from './app.tsx'
import { Refusal } from './service/call.ts'
import { takePlace } from './service/kept-place.ts'

/** In ms: whoever is to wait longer is told so, and asks again by hand. */
const SOON = 5_000

const queries = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 10_000,
      // What is refused for good stays refused; what is away for a moment is asked again.
      retry: (count, error) =>
        count < 3 && error instanceof Refusal && error.passes && (error.retryAfter ?? 0) <= SOON,
      retryDelay: (count, error) =>
        Math.max(500 * 2 ** count, error instanceof Refusal ? (error.retryAfter ?? 0) : 0),
    },
  },
})

takePlace()
createRoot(document.getElementById('app')!).render(
  <StrictMode>
    <QueryClientProvider client={queries}>
      <App />
    </QueryClientProvider>
  </StrictMode>,
)
