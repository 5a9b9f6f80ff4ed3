/**
 * Mutation testing of the worker's core and of the ledger's conditions: `npm run mutation`. It takes minutes, so it is no part of
 * `npm test`.
 */
export default {
  testRunner: 'vitest',
  coverageAnalysis: 'perTest',
  vitest: { configFile: 'test/support/mutation.vitest.config.ts' },
  mutate: [
    'functions/reset-worker/{settings,core/*}.ts',
    'functions/ledger/{standing,lease,ledger,dynamo/{table,conditions,changes,requests,joint-reads,letter-marks,actions}}.ts',
    'functions/call-budget/*.ts',
    'functions/common/{causes,within-time}.ts',
    // Types only.
    '!functions/reset-worker/core/ports.ts',
    '!functions/call-budget/{call-budget,dynamo-store}.ts',
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
