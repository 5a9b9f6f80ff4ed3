import { execFileSync, spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildProgram } from '../support/cli/built-program.ts';

/** The command line in one file is made for these. One that is not here is fetched from npm's registry: `npm test` does without it. */
const NODE_VERSIONS = ['22.23.3', '24.21.0'];
const HELP_LIMIT_MS = 150;
const RUNS = 15;

const PROJECT = fileURLToPath(new URL('../..', import.meta.url));
const VITEST = join(PROJECT, 'node_modules/vitest/vitest.mjs');

/** @returns the path of the program. */
function nodeOf(version: string): string {
  if (process.version === `v${version}`) return process.execPath;
  const found = `--package=node-${process.platform}-${process.arch}@${version}`;
  // Elsewhere than in the project, which has a Node of its own.
  return execFileSync('npm', ['exec', '--yes', found, '--', 'node', '-p', 'process.execPath'], {
    cwd: tmpdir(),
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
  }).trim();
}

function medianMs(node: string, args: readonly string[]): number {
  const times = Array.from({ length: RUNS }, () => {
    const begin = performance.now();
    execFileSync(node, args, { stdio: 'ignore' });
    return performance.now() - begin;
  });
  return times.sort((one, other) => one - other)[Math.floor(RUNS / 2)] ?? Number.NaN;
}

const program = await buildProgram();
const hello = join(program.folder, 'hello.mjs');
writeFileSync(hello, "console.log('hello');\n");
const faults: string[] = [];
for (const version of NODE_VERSIONS) {
  const node = nodeOf(version);
  const { status } = spawnSync(process.execPath, [VITEST, 'run', 'test/cli/bundle.test.ts'], {
    cwd: PROJECT,
    env: { ...process.env, RESETS_TEST_NODE: node },
    stdio: 'inherit',
  });
  if (status !== 0) faults.push(`the tests fail under Node ${version}`);
  const [helloMs, helpMs] = [medianMs(node, [hello]), medianMs(node, [program.file, '--help'])];
  console.log(
    `Node ${version}: resets --help takes ${helpMs.toFixed(0)} ms, hello world ${helloMs.toFixed(0)} ms (medians of ${RUNS} runs)`,
  );
  if (helpMs > HELP_LIMIT_MS) faults.push(`--help takes more than ${HELP_LIMIT_MS} ms under Node ${version}`);
}
await program.remove();
if (faults.length > 0) {
  console.error(`Failed: ${faults.join('; ')}.`);
  process.exitCode = 1;
}
