import { defineConfig } from 'vitest/config';

/** The tests that mutants of the core and of the ledger have to get past: those in memory and those against the table's stand-in. */
export default defineConfig({
  test: {
    include: ['test/functions/**/*.test.ts', 'test/support/**/*.test.ts'],
    exclude: ['test/functions/reset-worker/{adapters/**,handler.test.ts}'],
    testTimeout: 20_000,
    hookTimeout: 60_000,
  },
});
