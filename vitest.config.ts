import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    testTimeout: 20_000,
    hookTimeout: 60_000,
    // Two cores: the stand-ins and sandboxes of the end-to-end tests need room beside the runner.
    maxWorkers: 2,
  },
});
