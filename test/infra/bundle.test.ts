import { spawnSync } from 'node:child_process';
import { mkdtempDisposableSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect, test } from 'vitest';
import { VARIABLES } from '../../functions/contract/function-environment.ts';
import { BUNDLE_FILE, bundledWorker, writeBundle } from '../../infra/password-resets/bundle.ts';

const bytes = bundledWorker();
const source = Buffer.from(bytes).toString('utf8');

test('the bundle has at most 450 kB', () => {
  expect(bytes.length).toBeLessThanOrEqual(450_000);
});

test('the bundle names no folder of the machine that made it', () => {
  for (const folder of [process.cwd(), homedir(), tmpdir(), 'node_modules']) {
    expect(source.includes(`${folder}/`), folder).toBe(false);
  }
});

test('the bundle contains no credential provider that a function never uses', () => {
  for (const trace of [
    'credential_process',
    'sso_session',
    'AWS_CONTAINER_CREDENTIALS',
    'AWS_WEB_IDENTITY_TOKEN_FILE',
  ]) {
    expect(source.includes(trace), trace).toBe(false);
  }
  expect(source).toContain('AWS_SESSION_TOKEN');
});

test('the bundle needs nothing but Node, and its handler takes the two arguments that the runtime allows', () => {
  using folder = mkdtempDisposableSync(join(tmpdir(), 'bundle-'));
  writeBundle(folder.path);
  const url = pathToFileURL(join(folder.path, BUNDLE_FILE)).href;
  const program = `const { handler } = await import(${JSON.stringify(url)}); console.log(handler.length);`;
  const settings = Object.fromEntries(Object.values(VARIABLES).map((name) => [name, '1']));
  const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', program], {
    encoding: 'utf8',
    cwd: folder.path,
    env: {
      ...settings,
      [VARIABLES.apiBaseUrl]: 'https://example.com',
      [VARIABLES.quota]: 'known',
      [VARIABLES.probeAddress]: 'probe@example.com',
      AWS_REGION: 'eu-west-1',
    },
  });
  expect(stderr).toBe('');
  expect(Number(stdout)).toBeGreaterThanOrEqual(1);
  expect(Number(stdout)).toBeLessThanOrEqual(2);
});
