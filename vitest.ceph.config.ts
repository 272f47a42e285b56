import { defineConfig } from 'vitest/config'

/** `npm run test:ceph`: what needs an S3 that `npm test` does not have the time to set up. */
export default defineConfig({
  test: {
    include: ['test/storage/ceph.ts'],
    testTimeout: 120_000,
    hookTimeout: 300_000,
    reporters: ['default'],
  },
})
