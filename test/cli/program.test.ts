import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { GetQueueAttributesCommand, ReceiveMessageCommand } from '@aws-sdk/client-sqs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { run } from '../../cli/program.ts';
import { aCampaign, anItem } from '../support/builders.ts';
import {
  contextOf,
  fakeQueues,
  fileOf,
  memoryActions,
  memoryReader,
  onTerminal,
  testIo,
} from '../support/cli/command-line.ts';
import { type StandInDeployment, startDeployment, TABLE } from '../support/cli/stand-ins.ts';

const noConnection = (): never => {
  throw new Error('This test expects no connection.');
};

describe('The command line', () => {
  it.each<[claim: string, args: string[], line: RegExp]>([
    ['an unknown command', ['enqeue'], /unknown command 'enqeue'.*enqueue/],
    ['an unknown option', ['status', '--wtch'], /unknown option '--wtch'.*--watch/],
    ['a missing argument', ['campaign', 'status'], /missing required argument 'id'/],
    ['an argument too many', ['status', 'x'], /too many arguments/],
    ['an unknown lane', ['enqueue', 'a@b.de', '--lane', 'fast'], /'fast' is invalid.*interactive, bulk/],
    ['an unknown reason', ['dlq', 'list', '--reason', 'bad'], /'bad' is invalid.*outcome-unknown/],
    ['a limit that is no number', ['dlq', 'list', '--limit', '1e3'], /'1e3' is invalid/],
    ['a limit of nothing', ['dlq', 'list', '--limit', '0'], /'0' is invalid/],
    ['a status that is none', ['dlq', 'list', '--status', '99'], /'99' is invalid/],
    ['a wait of nothing', ['verify', '--wait', '0'], /'0' is invalid/],
    ['an argument of verify', ['verify', 'x'], /too many arguments/],
    ['a canary that is no number', ['campaign', 'start', 'f', '--id', 'c', '--canary', '-1'], /--canary/],
    ['an argument that is missing', ['enqueue', '--yes'], /missing required argument 'email'/],
    [
      'an id that looks like an option',
      ['request', '-id'],
      /'-id' \(an argument that begins with "-" is given after "--"\)/,
    ],
    ['an address that looks like an option', ['enqueue', '--a@b.de'], /given after "--"/],
    ['a mistyped option where an id may stand', ['request', '--jsno', 'r'], /\(Did you mean --json\?\); see/],
    ['an option of a command without arguments', ['status', '-x'], /^resets: unknown option '-x'; see/],
    ['a stack without a name, as of an unset variable', ['--stack', '', 'status'], /--stack <name>.* not empty/],
    ['outputs without a name', ['lane', 'pause', 'all', '--yes', '--outputs='], /--outputs <file>.* not empty/],
    ['a fault of a group', ['dlq', 'lst'], /; see npx resets dlq --help\n$/],
    ['a fault of a command in a group', ['--stack', 'S', 'dlq', 'list', '-x'], /; see npx resets dlq list --help\n$/],
  ])('%s is answered with one line and exit code 2', async (_claim, args, line) => {
    const io = testIo();
    expect(await run(args, io, noConnection)).toBe(2);
    expect(io.stderr.lines).toHaveLength(1);
    expect(io.stderr.text).toMatch(/^resets: /);
    expect(io.stderr.text).toMatch(line);
    expect(io.stdout.text).toBe('');
  });

  it.each([
    [['--help'], 'Exit codes: 0 done, 1 failed, 2 wrong usage'],
    [['enqueue', '--help'], 'default: interactive'],
    [['verify', '--help'], 'resets verify --wait 600'],
    [['--version'], '0.'],
  ])('%j is answered on stdout, without a connection', async (args, words) => {
    const io = testIo();
    expect(await run(args, io, noConnection)).toBe(0);
    expect(io.stdout.text).toContain(words);
    expect(io.stderr.text).toBe('');
  });

  it.each([
    [[], 'Usage: resets'],
    [['dlq'], 'Usage: resets dlq'],
  ])('%j names no command: the help is shown on stderr and the exit code is 2', async (args, words) => {
    const io = testIo();
    expect(await run(args, io, noConnection)).toBe(2);
    expect(io.stderr.text).toContain(words);
    expect(io.stdout.text).toBe('');
  });

  it('an id that begins with a hyphen is taken after --', async () => {
    const io = testIo();
    const { connect } = contextOf(io, { ledger: memoryReader(anItem({ key: '-7', state: 'succeeded' })) });
    expect(await run(['request', '--json', '--', '-7'], io, connect)).toBe(0);
    expect(JSON.parse(io.stdout.text)).toMatchObject({ requestId: '-7' });
  });

  it('--stack and --outputs are taken before or after the command', async () => {
    const choices: unknown[] = [];
    const io = testIo();
    const { connect } = contextOf(io, { ledger: memoryReader() });
    for (const args of [
      ['--stack', 'S', 'dlq', 'list', '--outputs', 'F'],
      ['dlq', 'list', '--stack', 'S', '--outputs', 'F'],
    ]) {
      await run(args, io, (_env, choice) => {
        choices.push(choice);
        return connect();
      });
    }
    expect(choices).toEqual([
      { stack: 'S', outputs: 'F' },
      { stack: 'S', outputs: 'F' },
    ]);
  });

  it('every option of enqueue reaches the message', async () => {
    const io = testIo();
    const { queues, sent } = fakeQueues();
    const args = 'enqueue a@b.de --yes --lane bulk --request-id r --campaign c --requested-by d --reason e';
    const { connect } = contextOf(io, { queues, ...memoryActions() });
    expect(await run([...args.split(' '), '--not-after', '2099-01-01T00:00:00Z'], io, connect)).toBe(0);
    expect(sent[0]?.body).toEqual({
      email: 'a@b.de',
      requestId: 'r',
      campaignId: 'c',
      requestedBy: 'd',
      reason: 'e',
      notAfter: '2099-01-01T00:00:00Z',
    });
  });

  it('a bug is reported in one line', async () => {
    const io = testIo();
    const broken = async (): Promise<never> => {
      throw new TypeError('x is not a function');
    };
    expect(await run(['status'], io, broken)).toBe(1);
    expect(io.stderr.lines).toHaveLength(1);
    expect(io.stderr.text).toMatch(/This is a bug.*TypeError: x is not a function at .*program\.test\.ts/);
  });
});

describe('Help', () => {
  const helpOf = async (path: readonly string[]): Promise<string> => {
    const io = testIo();
    expect(await run([...path, '--help'], io, noConnection)).toBe(0);
    return io.stdout.text;
  };
  /** All commands and groups, by what is typed. */
  async function* commands(path: readonly string[] = []): AsyncGenerator<readonly string[]> {
    const [, list = ''] = (await helpOf(path)).split(/^Commands:$/m);
    for (const [, name = ''] of (list.split('\n\n')[0] ?? '').matchAll(/^ {2}([a-z]+)/gm)) {
      if (name === 'help') continue;
      yield [...path, name];
      yield* commands([...path, name]);
    }
  }
  const wordsOf = (line: string): string[] =>
    Array.from(line.replace(/ [#|>] .*/, '').matchAll(/"([^"]*)"|\S+/g), ([word, quoted]) => quoted ?? word);

  it('of every command ends with examples, and each of them is a command line that is understood', async () => {
    const paths = await Array.fromAsync(commands());
    expect(paths).toContainEqual(['dlq', 'list']);
    for (const path of paths) {
      const lines = (await helpOf(path)).trimEnd().split('\n');
      expect(lines.at(-1), `the last line of ${path.join(' ')} --help`).toMatch(/^ {2}resets /);
      for (const line of lines.filter((text) => text.startsWith('  resets '))) {
        const io = onTerminal(testIo());
        const isUnderstood = (await run(wordsOf(line).slice(1), io, noConnection)) !== 2;
        expect(isUnderstood, `${line}: ${io.stderr.text}`).toBe(true);
        // Of a group, one command may be meant where none is named.
        expect(wordsOf(line)[1], line).toBe(path[0]);
      }
    }
  });
});

describe('The program against the stand-ins', () => {
  const MAIN = fileURLToPath(new URL('../../cli/main.ts', import.meta.url));
  let deployment: StandInDeployment;
  beforeAll(async () => {
    deployment = await startDeployment();
    await deployment.put(
      aCampaign('spring'),
      anItem({ key: 'done', state: 'succeeded', campaignId: 'spring' }),
      anItem({ key: 'failed', state: 'failed' }),
    );
  });
  afterAll(() => deployment.stop());

  const resets = (
    args: string[],
    env: Record<string, string> = {},
  ): Promise<{ code: number; out: string; err: string }> =>
    new Promise((resolve) => {
      execFile(process.execPath, [MAIN, ...args], { env: deployment.environment(env) }, (error, out, err) =>
        resolve({ code: error === null ? 0 : Number(error.code), out, err }),
      );
    });
  const bodiesIn = async (queue: 'interactive' | 'bulk'): Promise<Record<string, string>[]> =>
    (await deployment.inspectQueue(queue)).ready.map(({ body }) => JSON.parse(body));

  it('the program enqueues an address', async () => {
    const { code, out, err } = await resets(['enqueue', 'a@b.de', '--yes', '--request-id', 'r-1']);
    expect({ code, out }).toEqual({ code: 0, out: 'r-1\n' });
    expect(err).toMatch(
      /^About to enqueue 1 password reset in lane interactive of the deployment that RESETS_… variables name/,
    );
    expect(await bodiesIn('interactive')).toEqual([{ email: 'a@b.de', requestId: 'r-1' }]);
  });

  it('the program enqueues a file to a deployment named by an outputs file, even if SQS fails at first', async () => {
    deployment.faults.add({ operation: 'sqs:SendMessageBatch', kind: 'fail' });
    const outputs = await fileOf(
      JSON.stringify({
        Mine: {
          InteractiveQueueUrl: deployment.url('interactive'),
          BulkQueueUrl: deployment.url('bulk'),
          DeadLetterQueueUrl: deployment.url('dead'),
          LedgerTableName: TABLE,
        },
      }),
    );
    const file = await fileOf(Array.from({ length: 35 }, (_, index) => `u${index}@b.de`).join('\n'));
    const args = ['campaign', 'start', file, '--id', 'autumn', '--yes', '--outputs', outputs];
    const { code, out, err } = await resets(args);
    expect(code, err).toBe(0);
    expect(out).toMatch(/^Sent 35 of 35 /);
    expect(err).toContain('of stack Mine of');
    const ids = (await bodiesIn('bulk')).map(({ requestId }) => requestId);
    expect(new Set(ids).size).toBe(35);
    for (const id of ids) expect(id).toMatch(/^autumn:[0-9a-f]{32}$/);
  });

  it('the program shows status, a request and the dead letters', async () => {
    const status = JSON.parse((await resets(['status', '--json'])).out);
    expect(status).toMatchObject({ requests: { succeeded: 1, failed: 1 }, deadLetters: { byReason: { rejected: 1 } } });
    const { waiting } = status.lanes.interactive;
    const attributes = await deployment.sqs.send(
      new GetQueueAttributesCommand({
        QueueUrl: deployment.url('interactive'),
        AttributeNames: ['ApproximateNumberOfMessages'],
      }),
    );
    expect(String(waiting)).toBe(attributes.Attributes?.ApproximateNumberOfMessages);
    expect(JSON.parse((await resets(['request', 'done', '--json'])).out)).toMatchObject({ state: 'succeeded' });
    expect((await resets(['dlq', 'list'])).out).toMatch(/failed +rejected/);
  });

  it('dead letters are listed without a call to SQS', async () => {
    const before = { ...deployment.operations() };
    await resets(['dlq', 'list']);
    const called = Object.entries(deployment.operations()).filter(([name, count]) => count !== (before[name] ?? 0));
    expect(called.map(([name]) => name)).toEqual(['dynamodb:Query']);
  });

  it.each<[claim: string, args: string[], env: Record<string, string>, line: RegExp]>([
    ['no region', ['status'], { AWS_REGION: '', AWS_ENDPOINT_URL: '' }, /No AWS region is set/],
    ['nobody there', ['status'], { AWS_ENDPOINT_URL: 'http://127.0.0.1:9' }, /ECONNREFUSED.*AWS_ENDPOINT_URL/],
    ['no outputs', ['status', '--outputs', '/nowhere'], {}, /\/nowhere cannot be read/],
  ])('%s is answered with one line and exit code 1', async (_claim, args, env, line) => {
    const { code, out, err } = await resets(args, env);
    expect({ code, out }).toEqual({ code: 1, out: '' });
    expect(err.trim().split('\n')).toHaveLength(1);
    expect(err).toMatch(line);
  });

  it('a ledger table that does not exist is named', async () => {
    deployment.faults.add({
      operation: 'dynamodb:Query',
      kind: 'fail',
      times: 99,
      answer: { status: 400, body: { __type: 'com.amazonaws.dynamodb.v20120810#ResourceNotFoundException' } },
    });
    const { err } = await resets(['dlq', 'list']);
    deployment.faults.clear();
    expect(err).toMatch(/^resets: There is no ledger table Ledger; check the region/);
  });

  it('a campaign interrupted by Ctrl-C ends the batches under way and exits 130', async () => {
    await drain();
    deployment.faults.add({ operation: 'sqs:SendMessageBatch', kind: 'slow', delayMs: 100, times: 9999 });
    const file = await fileOf(Array.from({ length: 2000 }, (_, index) => `u${index}@b.de`).join('\n'));
    const child = spawn(process.execPath, [MAIN, 'campaign', 'start', file, '--id', 'long', '--yes'], {
      env: deployment.environment(),
    });
    const [err, out] = [text(child.stderr), text(child.stdout)];
    while ((await deployment.inspectQueue('bulk')).ready.length === 0) await new Promise((go) => setTimeout(go, 20));
    child.kill('SIGINT');
    const [code] = await once(child, 'exit');
    deployment.faults.clear();
    const sent = (await deployment.inspectQueue('bulk')).ready.length;
    expect(code).toBe(130);
    expect(sent).toBeLessThan(2000);
    expect(await out).toContain(`Sent ${sent} of 2,000`);
    expect(await err).toContain('The same command goes on where this one ended');
  });

  async function drain(): Promise<void> {
    const QueueUrl = deployment.url('bulk');
    while ((await deployment.inspectQueue('bulk')).ready.length > 0) {
      await deployment.sqs.send(
        new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10, VisibilityTimeout: 600 }),
      );
    }
  }
});
