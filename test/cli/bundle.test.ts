import { execFile } from 'node:child_process';
import { mkdtemp, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { run } from '../../cli/program.ts';
import manifest from '../../package.json' with { type: 'json' };
import { anItem } from '../support/builders.ts';
import { type BuiltProgram, buildProgram } from '../support/cli/built-program.ts';
import { testIo } from '../support/cli/command-line.ts';
import { type StandInDeployment, startDeployment } from '../support/cli/stand-ins.ts';

/** `npm run test:build` names others than the one that runs the tests. */
const NODE = process.env.RESETS_TEST_NODE ?? process.execPath;
const ENTRY = 'cli/main.ts';

let program: BuiltProgram;
beforeAll(async () => {
  program = await buildProgram();
});
afterAll(() => program.remove());

/** Its folder holds the one file, and is the working folder. */
const start = (
  file: string,
  args: readonly string[],
  env: Record<string, string> = {},
): Promise<{ code: number; out: string; err: string }> =>
  new Promise((resolve) => {
    const PATH = [dirname(NODE), '/usr/bin', '/bin'].join(delimiter);
    execFile(file, args, { cwd: program.folder, env: { PATH, ...env } }, (error, out, err) =>
      resolve({ code: error === null ? 0 : Number(error.code), out, err }),
    );
  });

describe('The built file', () => {
  it('has at most 4 MB and can be executed', async () => {
    const { size, mode } = await stat(program.file);
    expect(size).toBeLessThan(4_000_000);
    expect(mode & 0o777).toBe(0o755);
  });

  it('imports nothing', () => {
    expect(Object.values(program.metafile.outputs).flatMap(({ imports }) => imports)).toEqual([]);
  });

  it('has every link of the chain in which the SDK looks for credentials', () => {
    const packages = Object.keys(program.metafile.inputs).join('\n');
    const links = ['env', 'ini', 'sso', 'process', 'web-identity', 'login', 'http'];
    for (const link of links) expect(packages).toContain(`/@aws-sdk/credential-provider-${link}/`);
    expect(packages).toContain('/@smithy/credential-provider-imds/');
  });

  it('loads the AWS SDK only when a command connects', () => {
    expect(chainTo(/@aws-sdk|@smithy/)).toBe(undefined);
  });

  it('loads csv-parse only when a file is read', () => {
    expect(chainTo(/csv-parse/)).toBe(undefined);
  });

  it.each([
    ['--version', `${manifest.version}\n`],
    ['--help', undefined],
  ])('answers %s as the sources do', async (option, expected) => {
    const io = testIo();
    io.stdout.columns = 80;
    await run([option], io);
    expect(await start(NODE, [program.file, option])).toEqual({ code: 0, out: expected ?? io.stdout.text, err: '' });
  });

  it('refuses a Node that is too old in one line', async () => {
    const pretence = 'Object.defineProperty(process, "versions", { value: { ...process.versions, node: "20.20.2" } })';
    const options = ['--import', `data:text/javascript,${encodeURIComponent(pretence)}`];
    expect(await start(NODE, [...options, program.file, '--help'])).toEqual({
      code: 1,
      out: '',
      err: 'resets: Node 22.3 or later is needed, and this is 20.20.2.\n',
    });
  });

  /** What leads from the start of the program to a module that is loaded with it, or undefined if none does. */
  function chainTo(module: RegExp): string | undefined {
    const from = new Map<string, string>();
    const loaded = [ENTRY];
    for (const file of loaded) {
      for (const { path, kind, external } of program.metafile.inputs[file]?.imports ?? []) {
        if (external || kind === 'dynamic-import' || from.has(path)) continue;
        from.set(path, file);
        if (!module.test(path)) {
          loaded.push(path);
          continue;
        }
        const chain = [path];
        for (let next = from.get(path); next !== undefined; next = from.get(next)) chain.unshift(next);
        return chain.join(' → ');
      }
    }
    return undefined;
  }
});

describe('The built file, however it is started', () => {
  const MISTAKE = ['nix'];
  const linkIn = async (folder: string): Promise<string> => {
    await symlink(program.file, join(folder, 'resets'));
    return folder;
  };

  it.each<[how: string, start: (folder: string) => ReturnType<typeof start>, words: (folder: string) => string]>([
    ['by node', () => start(NODE, ['resets.mjs', ...MISTAKE]), () => `${NODE} resets.mjs`],
    ['by itself', () => start('./resets.mjs', MISTAKE), () => 'node resets.mjs'],
    [
      'by a link, through the shell',
      async (folder) => start('/bin/bash', ['--norc', '-c', `'${await linkIn(folder)}/resets' nix; true`]),
      (folder) => `${folder}/resets`,
    ],
    [
      'by a link on the PATH',
      async (folder) => {
        const PATH = [await linkIn(folder), dirname(NODE), '/usr/bin', '/bin'].join(delimiter);
        return start('/usr/bin/env', ['resets', ...MISTAKE], { PATH });
      },
      () => 'resets',
    ],
  ])('%s, tells how it is started again', async (_how, begin, words) => {
    const folder = await mkdtemp(join(tmpdir(), 'resets-bin-'));
    onTestFinished(() => rm(folder, { recursive: true }));
    const { err } = await begin(folder);
    expect(err).toBe(`resets: unknown command 'nix'; see ${words(folder)} --help\n`);
  });
});

describe('The built file against the stand-ins', () => {
  let deployment: StandInDeployment;
  beforeAll(async () => {
    deployment = await startDeployment();
    await deployment.put(anItem({ key: 'done', state: 'succeeded' }));
  });
  afterAll(() => deployment.stop());

  const resets = (args: string[], env: Record<string, string> = {}) => {
    const { PATH: _, ...environment } = deployment.environment(env);
    return start(NODE, [program.file, ...args], environment);
  };

  it('enqueues an address, and starts a campaign from a file', async () => {
    expect(await resets(['enqueue', 'ann@example.org', '--yes', '--request-id', 'r-1'])).toMatchObject({
      code: 0,
      out: 'r-1\n',
    });
    const file = join(program.folder, 'people.csv');
    await writeFile(file, 'name,email\nAnn,ann@example.org\nBob,bob@example.org\n');
    onTestFinished(() => rm(file));
    expect(await resets(['campaign', 'start', 'people.csv', '--id', 'spring', '--yes'])).toMatchObject({
      code: 0,
      out: expect.stringMatching(/^Sent 2 of 2 /),
    });
    const bodies = (await deployment.inspectQueue('bulk')).ready.map(({ body }) => JSON.parse(body).email);
    expect(bodies.sort()).toEqual(['ann@example.org', 'bob@example.org']);
  });

  it('reads the queues and the ledger', async () => {
    const { code, out } = await resets(['status', '--json']);
    expect(code).toBe(0);
    expect(JSON.parse(out)).toMatchObject({ requests: { succeeded: 1 } });
  });

  it('takes credentials from a profile that names a program for them', async () => {
    const config = join(program.folder, 'config');
    const credentials = JSON.stringify({ Version: 1, AccessKeyId: 'AKIDPROCESS', SecretAccessKey: 's' });
    await writeFile(config, `[profile operator]\ncredential_process = echo '${credentials}'\n`);
    onTestFinished(() => rm(config));
    const { code, err } = await resets(['status'], {
      AWS_ACCESS_KEY_ID: '',
      AWS_SECRET_ACCESS_KEY: '',
      AWS_PROFILE: 'operator',
      AWS_CONFIG_FILE: config,
    });
    expect({ code, err }).toEqual({ code: 0, err: '' });
  });
});
