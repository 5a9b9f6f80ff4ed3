import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { type BuiltProgram, buildProgram } from '../../support/cli/built-program.ts';
import { fileOf } from '../../support/cli/command-line.ts';
import { EmulatedScreen } from '../../support/cli/emulated-screen.ts';
import { KEYS, runInTerminal, type TerminalOptions, type TerminalRun } from '../../support/cli/pseudo-terminal.ts';
import { type StandInDeployment, startDeployment } from '../../support/cli/stand-ins.ts';

let deployment: StandInDeployment;
let program: BuiltProgram;
beforeAll(async () => {
  [deployment, program] = await Promise.all([startDeployment(), buildProgram()]);
});
afterAll(() => Promise.all([deployment.stop(), program.remove()]));
beforeEach(() => deployment.faults.clear());

type Options = Partial<Omit<TerminalOptions, 'env'>> & { env?: Record<string, string> };

const resets = (args: string[], { env, ...options }: Options = {}): TerminalRun =>
  runInTerminal(process.execPath, [program.file, ...args], { env: deployment.environment(env), ...options });

/** Neither the words of the verdict nor its colour are of interest here. */
const WATCHED = /Lanes of the deployment that RESETS_… variables name/;
// biome-ignore lint/suspicious/noControlCharactersInRegex: Colours are what is looked for.
const COLOURS = /\u001b\[[\d;]*m/;
const HOME = '\u001b[H';
const SECOND_SCREEN = '\u001b[?1049h';

describe('The question in a terminal', () => {
  const enqueue = async (options: Options = {}): Promise<TerminalRun> => {
    const run = resets(['enqueue', 'ann@example.org', '--request-id', 'r-1'], options);
    await run.shows(/Go ahead\? \[y\/N\]$/);
    return run;
  };
  const sent = async (): Promise<number> => (await deployment.inspectQueue('interactive')).ready.length;

  it.each<[claim: string, keys: string, code: number, answer: string]>([
    ['n is a no', `n${KEYS.enter}`, 1, 'n'],
    ['Enter alone is a no', KEYS.enter, 1, ''],
    ['a word that begins with y is a no', `yeah${KEYS.enter}`, 1, 'yeah'],
    ['Ctrl-D is a no', KEYS.ctrlD, 1, ''],
    ['Ctrl-C interrupts', KEYS.ctrlC, 130, ''],
  ])('%s: nothing is sent, and it is said on a line of its own', async (_claim, keys, code, answer) => {
    const before = await sent();
    const run = await enqueue();
    run.type(keys);
    expect(await run.ended).toEqual({ code, signal: 0 });
    expect(run.screen.text.split('\n').slice(-2)).toEqual([
      `Go ahead? [y/N] ${answer}`.trimEnd(),
      'resets: Nothing was sent.',
    ]);
    expect(await sent()).toBe(before);
  });

  it('y is a yes: the request is sent, and its id is the last line', async () => {
    const before = await sent();
    const run = await enqueue();
    run.type(`y${KEYS.enter}`);
    expect(await run.ended).toEqual({ code: 0, signal: 0 });
    expect(run.screen.text.split('\n').slice(-2)).toEqual([expect.stringMatching(/^Action .*\.$/), 'r-1']);
    expect(await sent()).toBe(before + 1);
  });

  it('twenty columns are enough to be asked and to answer', async () => {
    const run = await enqueue({ columns: 20 });
    run.type(`n${KEYS.enter}`);
    expect((await run.ended).code).toBe(1);
    expect(run.screen.text).toMatch(/^About to enqueue 1/);
  });
});

describe('Colour', () => {
  it.each<[claim: string, env: Record<string, string>, hasColour: boolean]>([
    ['a terminal has it', {}, true],
    ['NO_COLOR switches it off', { NO_COLOR: '1' }, false],
    ['a dumb terminal has none', { TERM: 'dumb' }, false],
  ])('%s', async (_claim, env, hasColour) => {
    const run = resets(['status'], { env });
    expect((await run.ended).code).toBe(0);
    expect(run.screen.text).toMatch(WATCHED);
    expect(COLOURS.test(run.written())).toBe(hasColour);
    expect(run.screen.styles).toEqual(new Set());
  });

  it('a pipe has none, though the terminal beside it has', async () => {
    const { PATH = '' } = process.env;
    const run = runInTerminal('/bin/sh', ['-c', `'${process.execPath}' '${program.file}' status | cat`], {
      env: deployment.environment({ PATH }),
    });
    expect((await run.ended).code).toBe(0);
    expect(run.screen.text).toMatch(WATCHED);
    expect(run.written()).not.toMatch(COLOURS);
  });
});

describe('status --watch in a terminal', () => {
  const watch = async (options: Options = {}): Promise<TerminalRun> => {
    const run = resets(['status', '--watch'], options);
    await run.until('it watched', () => run.screen.isSecond && run.screen.text !== '');
    return run;
  };

  it.each<[end: string, stop: (run: TerminalRun) => void]>([
    ['Ctrl-C', (run) => run.type(KEYS.ctrlC)],
    ['SIGTERM', (run) => run.signal('SIGTERM')],
  ])('%s ends it with exit code 0, gives the terminal back and leaves the last state on it', async (_end, stop) => {
    const run = await watch();
    await run.shows(WATCHED);
    expect(run.screen.cursorIsVisible).toBe(false);
    stop(run);
    expect(await run.ended).toEqual({ code: 0, signal: 0 });
    expect(run.screen).toMatchObject({ isSecond: false, cursorIsVisible: true });
    expect(run.screen.text).toMatch(WATCHED);
  });

  it('another size of the terminal leaves nothing of the old one behind', async () => {
    const run = await watch({ columns: 100, rows: 40 });
    for (const [columns, rows] of [
      [50, 12],
      [20, 8],
      [120, 40],
    ] as const) {
      run.resize(columns, rows);
      const pages = (): string[] => run.written().split(HOME).slice(1);
      const before = pages().length;
      await run.until('it was drawn again, and only that is there', () => {
        const clean = new EmulatedScreen(columns, rows);
        clean.write(`${SECOND_SCREEN}${HOME}${pages().at(-1)}`);
        return pages().length > before && run.screen.text === clean.text;
      });
      expect(run.screen.text.split('\n').length).toBeLessThanOrEqual(rows);
    }
    run.type(KEYS.ctrlC);
    expect((await run.ended).code).toBe(0);
  });

  it('a low and narrow terminal shows the first words of the verdict', async () => {
    const run = await watch({ columns: 20, rows: 5 });
    const [verdict = ''] = run.screen.text.split('\n');
    run.type(KEYS.ctrlC);
    expect((await run.ended).code).toBe(0);
    expect(verdict).toMatch(/^[A-Z]\w+/);
    expect(run.screen.text.startsWith(verdict)).toBe(true);
  });

  it('a job that is stopped and goes on gives the terminal back in between', async () => {
    const run = await watch();
    run.signal('SIGTSTP');
    await run.until('it gave the terminal back', () => !run.screen.isSecond && run.screen.cursorIsVisible);
    // It stops just after that, and a signal before it would be lost; a shell knows when.
    const goOn = setInterval(() => run.signal('SIGCONT'), 100);
    await run.until('it was drawn again', () => run.screen.isSecond && WATCHED.test(run.screen.text));
    clearInterval(goOn);
    run.type(KEYS.ctrlC);
    expect((await run.ended).code).toBe(0);
  });
});

describe('Sending a campaign in a terminal', () => {
  const COUNT = 2000;
  let campaigns = 0;
  const inQueue = async (): Promise<number> => (await deployment.inspectQueue('bulk')).ready.length;
  const send = async (delayMs: number): Promise<TerminalRun> => {
    deployment.faults.add({ operation: 'sqs:SendMessageBatch', kind: 'slow', delayMs, times: COUNT });
    const file = await fileOf(Array.from({ length: COUNT }, (_, index) => `u${index}@b.de`).join('\n'));
    campaigns += 1;
    return resets(['campaign', 'start', file, '--id', `c-${campaigns}`, '--again', '--yes'], { columns: 400 });
  };

  it.each<[end: string, stop: (run: TerminalRun) => void]>([
    ['Ctrl-C', (run) => run.type(KEYS.ctrlC)],
    ['SIGTERM', (run) => run.signal('SIGTERM')],
  ])('%s lets the batches under way end, clears the progress line and says how to go on', async (_end, stop) => {
    const before = await inQueue();
    const run = await send(200);
    await run.shows(/Sending .* \d+ of 2,000/);
    stop(run);
    expect(await run.ended).toEqual({ code: 130, signal: 0 });
    const sent = (await inQueue()) - before;
    expect(sent).toBeLessThan(COUNT);
    const last = run.screen.text.split('\n').slice(-4);
    expect(last[0]).toContain(`Sent ${sent.toLocaleString('en')} of 2,000`);
    expect(last.at(-1)).toMatch(/The same command goes on .*campaign start /);
  });

  it('a terminal that is closed lets the batches under way end, and nothing fails for want of it', async () => {
    const before = await inQueue();
    const run = await send(200);
    await run.shows(/Sending .* \d+ of 2,000/);
    run.close();
    expect(await run.ended).toEqual({ code: 130, signal: 0 });
    const sent = (await inQueue()) - before;
    expect(sent).toBeGreaterThan(0);
    expect(sent).toBeLessThan(COUNT);
    // Batches are whole.
    expect(sent % 10).toBe(0);
  });

  it('a second Ctrl-C waits for nothing; whoever waits is told of it', async () => {
    const batches = (): number => deployment.operations()['sqs:SendMessageBatch'] ?? 0;
    const before = batches();
    const run = await send(60_000);
    await vi.waitUntil(() => batches() > before, { timeout: 30_000 });
    run.type(KEYS.ctrlC);
    await run.shows(/Ctrl-C again stops at once\.$/);
    run.type(KEYS.ctrlC);
    expect(await run.ended).toEqual({ code: 130, signal: 0 });
  });
});
