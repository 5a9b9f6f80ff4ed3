/**
 * Mutation testing of the worker's core and of the ledger's conditions: `npm run mutation`. It takes minutes, so it is no part of
 * `npm test`.
 */
export default {
  testRunner: 'vitest',
  coverageAnalysis: 'perTest',
  vitest: { configFile: 'test/support/mutation.vitest.config.ts' },
  mutate: [
    'functions/reset-worker/*.ts',
    // Wiring, which the end-to-end tests cover; types alone; names and sentences alone.
    '!functions/reset-worker/handler.ts',
    '!functions/reset-worker/ports.ts',
    '!functions/reset-worker/telemetry.ts',
    'functions/ledger/{requests,permits,holds,adaptive-rate,budget-state,call-budget}.ts',
  ],
  // No file of that name: rewriting the real one needs an interface that TypeScript 7 no longer has, and nothing here needs it rewritten.
  tsconfigFile: 'tsconfig.none.json',
  ignorePatterns: ['cdk.out', '.local', 'docs', 'reports'],
  concurrency: 2,
  timeoutMS: 10_000,
  reporters: ['clear-text', 'html', 'json'],
  clearTextReporter: { allowColor: false, logTests: false, reportTests: false },
  thresholds: { high: 95, low: 90, break: 85 },
};
