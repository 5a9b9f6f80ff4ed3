import { type ChildProcess, spawn } from 'node:child_process';
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { eventually, LONGEST_TEST_MS } from '../support/local-system.ts';

/** What `npm start` needs, in a folder of its own: a run of somebody else's in the project's is not disturbed. */
const NEEDED = ['cli', 'functions', 'infra', 'local', 'cdk.json', 'package.json', 'tsconfig.json'];
const PROJECT = fileURLToPath(new URL('../..', import.meta.url));
let folder = '';
const children: ChildProcess[] = [];

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'start-command-'));
  for (const name of NEEDED) cpSync(join(PROJECT, name), join(folder, name), { recursive: true });
  symlinkSync(join(PROJECT, 'node_modules'), join(folder, 'node_modules'));
});
afterAll(() => {
  for (const child of children) signalGroup(child, 'SIGKILL');
  rmSync(folder, { recursive: true, force: true });
});

interface Run {
  child: ChildProcess;
  output(): { stdout: string; stderr: string };
  ended: Promise<number | null>;
}

function npmStart(): Run {
  // A process group of its own, as a terminal gives to a command, so that Ctrl-C can be sent to all of it.
  const child = spawn(process.execPath, [join(folder, 'local/main.ts')], {
    cwd: folder,
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  children.push(child);
  const output = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) {
    child[name]?.setEncoding('utf8').on('data', (chunk: string) => {
      output[name] += chunk;
    });
  }
  const ended = new Promise<number | null>((resolve) => child.on('close', resolve));
  return { child, output: () => output, ended };
}

function signalGroup({ pid }: ChildProcess, signal: NodeJS.Signals): void {
  try {
    if (pid !== undefined) process.kill(-pid, signal);
  } catch {
    // All of it has ended.
  }
}

/** Processes by id that have the folder in their command line or environment: sandboxes and commands of this run alone. */
function processesOf(run: string): number[] {
  const mentions = (file: string) => {
    try {
      return readFileSync(file, 'utf8').includes(run);
    } catch {
      return false;
    }
  };
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => mentions(`/proc/${pid}/cmdline`) || mentions(`/proc/${pid}/environ`))
    .map(Number);
}

/** All descendants by id, also those in sessions of their own. */
function descendantsOf(pid: number): number[] {
  const parents = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((name) => {
      try {
        const stat = readFileSync(`/proc/${name}/stat`, 'utf8');
        return { pid: Number(name), parent: Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]) };
      } catch {
        return { pid: Number(name), parent: 0 };
      }
    });
  const of = (parent: number): number[] =>
    parents.filter((each) => each.parent === parent).flatMap((each) => [each.pid, ...of(each.pid)]);
  return of(pid);
}

/** A process that has ended and was not waited for yet (`Z`) runs no more. */
const isAlive = (pid: number): boolean => {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat[stat.lastIndexOf(')') + 2] !== 'Z';
  } catch {
    return false;
  }
};

test.runIf(process.platform === 'linux')(
  'Ctrl-C in the middle of the sample ends with code 130 and leaves no process',
  async () => {
    const { child, output, ended } = npmStart();
    const offspring = new Set<number>();
    await eventually(() => {
      expect(output().stderr).toContain('Up in ');
      for (const pid of descendantsOf(child.pid ?? 0)) offspring.add(pid);
      // The keeper, and a sandbox at least.
      expect(processesOf(folder).length).toBeGreaterThan(1);
      expect(offspring.size).toBeGreaterThan(1);
    });
    signalGroup(child, 'SIGINT');
    // The sample would have ended otherwise, with a report.
    expect(await ended).toBe(130);
    expect(output().stdout).toBe('');
    await eventually(() => {
      expect([...offspring].filter(isAlive)).toEqual([]);
      expect(processesOf(folder)).toEqual([]);
    });
  },
  LONGEST_TEST_MS,
);

test(
  'npm start reconciles and exits with 0',
  async () => {
    const { output, ended } = npmStart();
    const code = await ended;
    const { stdout, stderr } = output();
    expect(stdout, stderr).toMatch(/^Reconciled\b/m);
    expect(code, stdout).toBe(0);
    expect(stderr).not.toMatch(/Error|\bat .*:\d+:\d+/);
    if (process.platform === 'linux') await eventually(() => expect(processesOf(folder)).toEqual([]));
  },
  LONGEST_TEST_MS,
);
