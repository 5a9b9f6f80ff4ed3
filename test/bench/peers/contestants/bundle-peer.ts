import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildSync } from 'esbuild';

/**
 * One minified file of ES modules, made as the worker's is.
 * @returns the folder with `index.mjs`; it goes with this process.
 */
export function bundlePeer(entry: URL): string {
  const folder = mkdtempSync(join(tmpdir(), 'peer-'));
  process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
  buildSync({
    entryPoints: [fileURLToPath(entry)],
    outfile: join(folder, 'index.mjs'),
    bundle: true,
    platform: 'node',
    target: 'node24',
    format: 'esm',
    minify: true,
    // Some packages beneath sqs-consumer are CommonJS and ask for Node's own modules with `require`.
    banner: { js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);" },
    mainFields: ['module', 'main'],
    logLevel: 'error',
  });
  return folder;
}
