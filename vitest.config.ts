import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    // Each file has a Redis, and many have processes, of its own: more at once only wait for each other.
    maxWorkers: 2,
    // Ends what would never end; no test depends on it.
    testTimeout: 120_000,
    hookTimeout: 120_000,
    expect: { poll: { timeout: 60_000 } },
    reporters: ['default'],
  },
})
