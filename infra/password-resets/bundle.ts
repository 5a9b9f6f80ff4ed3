import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildSync } from 'esbuild';

const PROJECT = fileURLToPath(new URL('../..', import.meta.url));
const WORKER_ENTRY = join(PROJECT, 'functions/reset-worker/handler.ts');
const ENVIRONMENT_CREDENTIALS = fileURLToPath(
  new URL('../../functions/reset-worker/adapters/environment-credentials.ts', import.meta.url),
);

/** The bundle's file name. `.mjs` makes it ESM without a package.json beside it. */
export const BUNDLE_FILE = 'index.mjs';
export const BUNDLE_HANDLER = 'index.handler';

/** The deployed program in one file. The same sources give the same bytes on every machine: it contains no local path and no time. */
export function bundledWorker(): Uint8Array {
  const { outputFiles } = buildSync({
    absWorkingDir: PROJECT,
    entryPoints: [WORKER_ENTRY],
    outfile: BUNDLE_FILE,
    // The caller writes it: its bytes must not depend on the folder.
    write: false,
    bundle: true,
    platform: 'node',
    target: 'node24',
    format: 'esm',
    minify: true,
    legalComments: 'none',
    logLevel: 'error',
    // There is no source map, so a position in a stack trace is only useful if lines are short.
    lineLimit: 160,
    // The SDK's ES modules, which esbuild can tree-shake; by default it takes their CommonJS twins, 200 kB more.
    mainFields: ['module', 'main'],
    // The default chain looks for credentials in files, on instances and with single sign-on, 130 kB that no function needs.
    alias: { '@aws-sdk/credential-provider-node': ENVIRONMENT_CREDENTIALS },
  });
  const [file] = outputFiles;
  if (file === undefined) throw new Error('esbuild gave no file');
  return file.contents;
}

export function writeBundle(folder: string): void {
  writeFileSync(join(folder, BUNDLE_FILE), bundledWorker());
}
