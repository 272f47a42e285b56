/** Builds the web UI from `src/ui` to `dist/ui`: two pages, their parts under hashed names. */
import { fileURLToPath } from 'node:url'
import react from '@vitejs/plugin-react'
import { defineConfig } from 'vite'

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url))

export default defineConfig({
  root: here('.'),
  base: '/ui/',
  plugins: [react()],
  resolve: { alias: { '@transloadit/prettier-bytes': here('app/pages/upload/prettier-bytes.ts') } },
  build: {
    outDir: here('../../dist/ui'),
    emptyOutDir: true,
    // The policy of the page lets no data: font or image through but favicons; and files are cached for ever.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    rolldownOptions: { input: { index: here('index.html'), login: here('login.html') } },
  },
})
