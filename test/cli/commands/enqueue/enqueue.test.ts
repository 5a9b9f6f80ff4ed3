import { describe, expect, it } from 'vitest';
import { enqueue } from '../../../../cli/commands/enqueue/enqueue.ts';
import type { EnqueueOptions } from '../../../../cli/commands/enqueue/options.ts';
import { LedgerUnreachable } from '../../../../functions/ledger/ledger.ts';
import {
  CALLER,
  contextOf,
  DEPLOYMENT,
  failureIn,
  fakeQueues,
  memoryActions,
  notNow,
  onTerminal,
  refused,
  taken,
  testIo,
} from '../../../support/cli/command-line.ts';

function setUp(answer?: Parameters<typeof fakeQueues>[0]) {
  const io = testIo();
  const fake = fakeQueues(answer);
  const { actions, written } = memoryActions();
  const context = contextOf(io, { queues: fake.queues, actions });
  return { io, context, written, ...fake };
}

describe('enqueue EMAIL…', () => {
  it('enqueue sends only the members given to the interactive lane, each under a new id, and prints the ids', async () => {
    const { io, context, sent } = setUp();
    expect(await enqueue(context, { addresses: ['a@b.de', 'c@d.de'], yes: true })).toBe(0);
    expect(sent).toEqual([
      { queueUrl: DEPLOYMENT.laneQueueUrls.interactive, body: { email: 'a@b.de', requestId: 'id-1' } },
      { queueUrl: DEPLOYMENT.laneQueueUrls.interactive, body: { email: 'c@d.de', requestId: 'id-2' } },
    ]);
    expect(io.stdout.text).toBe('id-1\nid-2\n');
  });

  it('enqueue sends all members given', async () => {
    const { context, sent } = setUp();
    const members = { campaign: 'c-1', requestedBy: 'desk', reason: 'lost', notAfter: '2099-01-01T00:00:00Z' };
    await enqueue(context, { addresses: ['a@b.de'], requestId: 'r-1', lane: 'bulk', yes: true, ...members });
    expect(sent).toEqual([
      {
        queueUrl: DEPLOYMENT.laneQueueUrls.bulk,
        body: {
          email: 'a@b.de',
          requestId: 'r-1',
          campaignId: 'c-1',
          requestedBy: 'desk',
          reason: 'lost',
          notAfter: '2099-01-01T00:00:00Z',
        },
      },
    ]);
  });

  it('enqueue sends an address given twice once', async () => {
    const { io, context, sent } = setUp();
    await enqueue(context, { addresses: ['a@b.de', 'A@b.de', 'a@B.de'], yes: true });
    expect(sent).toHaveLength(1);
    expect(io.stderr.text).toContain('2 repeated addresses left out.');
  });

  it('enqueue sends an address given twice as it was given first', async () => {
    const { context, sent } = setUp();
    await enqueue(context, { addresses: ['a@B.de', 'A@b.de'], yes: true });
    expect(sent).toMatchObject([{ body: { email: 'a@B.de' } }]);
  });

  it.each<[claim: string, options: EnqueueOptions, message: RegExp]>([
    ['addresses and standard input', { addresses: ['a@b.de', '-'] }, /^Give either addresses or "-"/],
    ['an address against the rule', { addresses: ['a@b.de', 'nonsense'] }, /address 2 is not an address/],
    ['one id for two requests', { addresses: ['a@b.de', 'c@d.de'], requestId: 'r' }, /--request-id names one request/],
    ['an id against the rule', { addresses: ['a@b.de'], requestId: 'a b' }, /--request-id has a character/],
    [
      'a campaign against the rule',
      { addresses: ['a@b.de'], campaign: 'x'.repeat(65) },
      /--campaign is longer than 64/,
    ],
    ['too long a reason', { addresses: ['a@b.de'], reason: 'x'.repeat(513) }, /--reason is longer than 512/],
    ['a time that is none', { addresses: ['a@b.de'], notAfter: 'tomorrow' }, /--not-after is not an RFC 3339 time/],
    ['a time that has passed', { addresses: ['a@b.de'], notAfter: '2020-01-01T00:00:00Z' }, /--not-after has passed/],
  ])('enqueue refuses %s before anything is sent or connected', async (_claim, options, message) => {
    const failure = await failureIn(enqueue({ ...contextOf(testIo()), connect: never }, { yes: true, ...options }));
    expect(failure.message).toMatch(message);
    expect(failure.exitCode).toBe(2);
  });

  it('enqueue never quotes a bad address', async () => {
    const failure = await failureIn(enqueue(contextOf(testIo()), { addresses: ['jane roe@x'], yes: true }));
    expect(failure.message).not.toContain('jane');
  });

  it('enqueue without a terminal and without --yes is wrong usage and sends nothing', async () => {
    const { context, batchSizes } = setUp();
    const failure = await failureIn(enqueue(context, { addresses: ['a@b.de'] }));
    expect(failure).toEqual({ message: expect.stringContaining('--yes'), exitCode: 2 });
    expect(batchSizes).toEqual([]);
  });

  it.each([
    ['y\n', 1],
    ['yes\n', 1],
    ['Y\n', 1],
  ])('enqueue on a terminal shows what it will do, asks, and goes ahead on %j', async (typed, count) => {
    const { io, context, sent } = setUp();
    onTerminal(io, typed);
    await enqueue(context, { addresses: ['a@b.de'] });
    expect(io.stderr.text).toContain(
      'About to enqueue 1 password reset in lane interactive of stack Test, account 123456789012, region eu-central-1.',
    );
    expect(sent).toHaveLength(count);
  });

  it.each([
    ['only a line break', '\n', 1],
    ['a no', 'n\n', 1],
    ['any other word', 'yesterday\n', 1],
    ['the end of the input', '\u0004', 1],
    ['Ctrl-C', '\u0003', 130],
  ])('enqueue sends nothing when the answer is %s', async (_claim, typed, exitCode) => {
    const { io, context, batchSizes } = setUp();
    onTerminal(io, typed);
    const failure = await failureIn(enqueue(context, { addresses: ['a@b.de'] }));
    expect(failure).toEqual({ message: 'Nothing was sent.', exitCode });
    expect(batchSizes).toEqual([]);
  });

  it('enqueue --json prints only JSON on stdout', async () => {
    const { io, context } = setUp();
    await enqueue(context, { addresses: ['a@b.de'], yes: true, json: true });
    expect(JSON.parse(io.stdout.text)).toEqual({
      actionId: 'id-2',
      lane: 'interactive',
      sent: 1,
      notSent: 0,
      duplicates: 0,
      requests: [{ requestId: 'id-1', messageId: 'm' }],
    });
  });

  it('enqueue of addresses sent in part exits 3, prints the ids that were sent, and names the others', async () => {
    const { io, context } = setUp((_call, bodies) => bodies.map((_, index) => (index === 1 ? refused : taken)));
    expect(await enqueue(context, { addresses: ['a@b.de', 'c@d.de', 'e@f.de'], yes: true })).toBe(3);
    expect(io.stdout.text).toBe('id-1\nid-3\n');
    expect(io.stderr.text).toMatch(/Sent 2 of 3\. SQS did not accept address 2: .*Missing: address 2 \(id-2\)/);
  });

  it('enqueue exits 1 when nothing could be sent', async () => {
    const { context } = setUp((_call, bodies) => bodies.map(() => notNow));
    expect(await enqueue(context, { addresses: ['a@b.de'], yes: true })).toBe(1);
  });
});

describe('enqueue -', () => {
  const fed = (input: string | Buffer, options: EnqueueOptions = {}) => {
    const scene = setUp();
    scene.io.stdin.end(input);
    return { ...scene, work: enqueue(scene.context, { addresses: ['-'], yes: true, ...options }) };
  };

  it.each([
    ['one per line', 'a@b.de\nc@d.de\n'],
    ['without a last line break', 'a@b.de\nc@d.de'],
    ['with a byte order mark and Windows line ends', '\ufeffa@b.de\r\nc@d.de\r\n'],
    ['with blank lines and spaces', '\n  a@b.de \n\n \n\tc@d.de\n\n'],
  ])('sends the addresses of standard input, %s, and prints their ids', async (_claim, input) => {
    const { io, sent, work } = fed(input);
    expect(await work).toBe(0);
    expect(sent.map(({ queueUrl, body }) => [queueUrl, body.email])).toEqual([
      [DEPLOYMENT.laneQueueUrls.interactive, 'a@b.de'],
      [DEPLOYMENT.laneQueueUrls.interactive, 'c@d.de'],
    ]);
    expect(io.stdout.text).toBe('id-1\nid-2\n');
  });

  const people = (count: number) => Array.from({ length: count }, (_, index) => `u${index}@b.de\n`).join('');
  it.each<[claim: string, input: string | Buffer, message: RegExp]>([
    ['nothing', '', /^Nothing was sent\. Standard input has no address/],
    ['blank lines', '\n \r\n', /^Nothing was sent\. Standard input has no address/],
    ['a line that is no address', 'a@b.de\n\njane roe\n', /^Nothing was sent\. Fix: line 3 is not an address[^;]*$/],
    ['many such lines', 'jane roe\n'.repeat(12), /Fix: line 1 is (.*;){10} and 2 more\.$/],
    ['UTF-16', Buffer.from('a@b.de', 'utf16le'), /^Nothing was sent\. Standard input is not UTF-8 text/],
    ['101 addresses', people(101), /^More than 100 addresses are refused: that is a campaign/],
    ['a line without end', 'x'.repeat(70_000), /^Nothing was sent\. Standard input has lines that are no addresses/],
  ])('refuses %s as wrong usage, and quotes nothing of it', async (_claim, input, message) => {
    const { batchSizes, work } = fed(input);
    const failure = await failureIn(work);
    expect(failure).toEqual({ message: expect.stringMatching(message), exitCode: 2 });
    expect(failure.message).not.toMatch(/jane|xx/);
    expect(batchSizes).toEqual([]);
  });

  it('takes a hundred addresses', async () => {
    const { sent, work } = fed(people(100));
    expect(await work).toBe(0);
    expect(sent).toHaveLength(100);
  });

  it('reads no further than the address that is one too many', async () => {
    const { io, context } = setUp();
    io.stdin.write(people(101));
    expect((await failureIn(enqueue(context, { addresses: ['-'], yes: true }))).exitCode).toBe(2);
  });

  it('is refused before anything is read without --yes, since standard input cannot answer too', async () => {
    const { io, context } = setUp();
    onTerminal(io);
    const failure = await failureIn(enqueue(context, { addresses: ['-'] }));
    expect(failure).toEqual({
      message: expect.stringMatching(/^The addresses come from standard.*--yes/),
      exitCode: 2,
    });
    expect(io.stderr.text).toBe('');
  });

  it.each([
    ['tells a person at a terminal what it waits for', true, /^Waiting for addresses, one per line; Ctrl-D ends them/],
    ['tells a pipe nothing of that', false, /^About to enqueue 1 /],
  ])('%s', async (_claim, isTTY, said) => {
    const { io, context } = setUp();
    if (isTTY) onTerminal(io);
    io.stdin.end('a@b.de\n');
    await enqueue(context, { addresses: ['-'], yes: true });
    expect(io.stderr.text).toMatch(said);
  });

  it('sends nothing when it is interrupted while it waits: exit 130', async () => {
    const { io, context, batchSizes } = setUp();
    io.stdin.write('a@b.de\n');
    const work = failureIn(enqueue(context, { addresses: ['-'], yes: true }));
    io.interrupt();
    expect(await work).toEqual({ message: 'Nothing was sent.', exitCode: 130 });
    expect(batchSizes).toEqual([]);
  });

  it('names why standard input cannot be read', async () => {
    const { io, context } = setUp();
    io.stdin.destroy(Object.assign(new Error('a directory'), { code: 'EISDIR' }));
    expect(await failureIn(enqueue(context, { addresses: ['-'], yes: true }))).toEqual({
      message: 'Nothing was sent. Standard input cannot be read (EISDIR).',
      exitCode: 1,
    });
  });

  it('names the lines of what was not sent, with the ids to send them again', async () => {
    const { io, queues } = setUp((_call, bodies) => bodies.map((_, index) => (index === 1 ? refused : taken)));
    const context = contextOf(io, { queues, actions: memoryActions().actions });
    io.stdin.end('a@b.de\n\na@b.de\nc@d.de\n');
    expect(await enqueue(context, { addresses: ['-'], yes: true })).toBe(3);
    expect(io.stderr.text).toMatch(/SQS did not accept line 4: .*Missing: line 4 \(id-2\)/);
  });
});

describe('what is enqueued', () => {
  it('is an action of its addresses with their ids, and never an address', async () => {
    const { context, written } = setUp();
    await enqueue(context, { addresses: ['a@b.de', 'c@d.de'], campaign: 'spring', reason: 'x@y.de', yes: true });
    expect([...written.entries()]).toEqual([
      [
        'id-3',
        {
          command: 'enqueue --lane interactive',
          who: CALLER,
          details: { lane: 'interactive', requestIds: ['id-1', 'id-2'], campaign: 'spring' },
          planned: 2,
          done: 2,
          state: 'done',
        },
      ],
    ]);
  });

  it('that is not agreed to is no action, and nothing is sent', async () => {
    const { io, context, written, batchSizes } = setUp();
    onTerminal(io, 'n\n');
    await failureIn(enqueue(context, { addresses: ['a@b.de'] }));
    expect({ actions: written.size, batchSizes }).toEqual({ actions: 0, batchSizes: [] });
  });

  it('cannot be sent without being written down', async () => {
    const { io, queues, batchSizes } = setUp();
    const { actions } = memoryActions();
    const begin = async () => {
      throw new LedgerUnreachable(Object.assign(new Error('no'), { name: 'AccessDeniedException' }));
    };
    const context = contextOf(io, { queues, actions: { ...actions, begin } });
    const failure = await failureIn(enqueue(context, { addresses: ['a@b.de'], yes: true }));
    expect(failure.message).toMatch(/^Nothing was sent\. Access to ledger table Ledger is denied/);
    expect(batchSizes).toEqual([]);
  });

  it('is stopped by an abort before the first was sent: exit 1', async () => {
    const { io, queues, sent } = setUp((_call, bodies) => bodies.map(() => notNow));
    const { actions } = memoryActions();
    const context = contextOf(io, { queues, actions });
    const real = queues.sendBatch;
    queues.sendBatch = async (...call) => {
      await actions.askToStop('id-2', 'kim');
      await io.beat();
      return real(...call);
    };
    expect(await enqueue(context, { addresses: ['a@b.de'], yes: true })).toBe(1);
    expect(sent).toEqual([]);
    expect(io.stderr.text).toMatch(/Sent 0 of 1\. Aborted by another operator .*Missing: address 1 \(id-1\)/);
  });

  it('is at most a hundred addresses', async () => {
    const { context, batchSizes } = setUp();
    const addresses = (count: number) => Array.from({ length: count }, (_, index) => `u${index}@b.de`);
    expect(await failureIn(enqueue(context, { addresses: addresses(101), yes: true }))).toEqual({
      message:
        'More than 100 addresses are refused: that is a campaign; save them as a file, and run npx resets campaign start FILE --id ID.',
      exitCode: 2,
    });
    expect(batchSizes).toEqual([]);
    expect(await enqueue(context, { addresses: addresses(100), yes: true })).toBe(0);
  });
});

const never = (): never => {
  throw new Error('This test expects no connection.');
};
