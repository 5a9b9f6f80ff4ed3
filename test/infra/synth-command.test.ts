import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempDisposableSync, readdirSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test, vi } from 'vitest';
import { BUNDLE_FILE, bundledWorker } from '../../infra/password-resets/bundle.ts';
import { synthesize } from '../../infra/synthesize.ts';

const PROJECT = fileURLToPath(new URL('../..', import.meta.url));
const API = 'https://example-corp.console.ves.volterra.io';

// Far above the 15 s that a synthesis may take: other tests may keep both cores busy.
vi.setConfig({ testTimeout: 240_000 });

/** Runs the real command as a machine would that has no credentials, no configuration of AWS, and no Docker. */
function cdkSynth(home: string, ...options: string[]) {
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [join(PROJECT, 'node_modules/aws-cdk/bin/cdk'), 'synth', '-q', '-o', join(home, 'cdk.out'), ...options],
    {
      cwd: PROJECT,
      encoding: 'utf8',
      env: { HOME: home, PATH: [dirname(process.execPath), '/usr/bin', '/bin'].join(delimiter), CDK_DOCKER: 'false' },
    },
  );
  return { status, output: stdout + stderr };
}

test('cdk synth says nothing and writes the very bundle and template of a synthesis in this process, to the byte', () => {
  using home = mkdtempDisposableSync(join(tmpdir(), 'synth-'));
  const options = { apiBaseUrl: API, alarmEmail: 'on-call@example.com' };
  const given = Object.entries(options).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  expect(cdkSynth(home.path, ...given)).toEqual({ status: 0, output: '' });
  const own = synthesize({ outdir: join(home.path, 'own'), context: options });
  const template = readFileSync(join(home.path, 'cdk.out', `${own.stackName}.template.json`), 'utf8');
  expect(template).toBe(readFileSync(own.templateFile, 'utf8'));
  const assets = readdirSync(join(home.path, 'cdk.out')).filter((name) => name.startsWith('asset.'));
  expect(assets).toHaveLength(1);
  const bundle = readFileSync(join(home.path, 'cdk.out', `${assets[0]}`, BUNDLE_FILE));
  expect(bundle.equals(bundledWorker())).toBe(true);
});

test('cdk synth succeeds and warns where no alarm notifies anybody', () => {
  using home = mkdtempDisposableSync(join(tmpdir(), 'synth-'));
  const { status, output } = cdkSynth(home.path, '-c', `apiBaseUrl=${API}`);
  expect(status).toBe(0);
  expect(output).toMatch(/no alarm notifies anybody\. Give alarmTopicArn and noticeTopicArn, or alarmEmail/);
});

test('cdk synth fails on a mistake in one line of ours', () => {
  using home = mkdtempDisposableSync(join(tmpdir(), 'synth-'));
  const { status, output } = cdkSynth(home.path, '-c', 'apiBaseUrl=ftp://x');
  expect(status).not.toBe(0);
  const [ours, ...rest] = output.trim().split('\n');
  expect(ours).toMatch(/^Option apiBaseUrl is "ftp:\/\/x": it must begin with https:/);
  expect(rest).toEqual(['node infra/app.ts: Subprocess exited with error 1']);
  expect(existsSync(join(home.path, 'cdk.out', 'manifest.json'))).toBe(false);
});
