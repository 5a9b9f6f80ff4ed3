import { describe, expect, it } from 'vitest';
import type { SendResult } from '../../../cli/deployment/queues.ts';
import { type Outgoing, type SendReport, sendAll } from '../../../cli/sending/send-all.ts';
import { CommandFailed } from '../../../cli/terminal/io.ts';
import { fakeQueues, notNow, refused, taken, testIo } from '../../support/cli/command-line.ts';

const messages = (count: number): Outgoing[] =>
  Array.from({ length: count }, (_, index) => ({ name: `line ${index + 1}`, body: `${index + 1}` }));

function sending(count: number, answer?: Parameters<typeof fakeQueues>[0]) {
  const io = testIo();
  const fake = fakeQueues(answer);
  const run = (outgoing: Iterable<Outgoing> | AsyncIterable<Outgoing> = messages(count)): Promise<SendReport> =>
    io.graceful((stopped) => sendAll({ queues: fake.queues, clock: io.clock, queueUrl: 'q', outgoing, stopped }));
  return { io, run, ...fake };
}

const all = (result: SendResult, bodies: readonly string[]): SendResult[] => bodies.map(() => result);

describe('Sending', () => {
  it('messages are sent in batches of ten', async () => {
    const { run, batchSizes, sent } = sending(23);
    expect(await run()).toEqual({ end: 'all-sent', sent: 23, leading: 23 });
    expect(batchSizes).toEqual([10, 10, 3]);
    expect(sent).toHaveLength(23);
  });

  it('only the entries that failed are sent again, with growing pauses', async () => {
    const { run, batchSizes, io } = sending(10, (call, bodies) =>
      call < 4 ? bodies.map((_, index) => (index < 2 ? notNow : taken)) : undefined,
    );
    expect(await run()).toEqual({ end: 'all-sent', sent: 10, leading: 10 });
    expect(batchSizes).toEqual([10, 2, 2, 2]);
    expect(io.slept).toEqual([200, 400, 800]);
  });

  it('sending gives an entry up after five tries and says which, why, and how many before it are taken', async () => {
    const { run, batchSizes } = sending(10, (_call, bodies) => bodies.map((body) => (body === '7' ? notNow : taken)));
    expect(await run()).toEqual({
      end: 'failed',
      sent: 9,
      leading: 6,
      why: 'SQS did not accept line 7: InternalError: later.',
    });
    expect(batchSizes).toEqual([10, 1, 1, 1, 1]);
  });

  it("what SQS calls the sender's fault is not sent again", async () => {
    const { run, batchSizes } = sending(10, (_call, bodies) => bodies.map((body) => (body === '3' ? refused : taken)));
    expect(await run()).toMatchObject({ end: 'failed', sent: 9, leading: 2 });
    expect(batchSizes).toEqual([10]);
  });

  it('sending stops after a batch that failed for good', async () => {
    const { run, batchSizes } = sending(1000, (_call, bodies) => all(refused, bodies));
    expect(await run()).toMatchObject({ end: 'failed', sent: 0, leading: 0 });
    expect(batchSizes.length).toBeLessThan(12);
  });

  it('a call to SQS that fails is the failure of its whole batch', async () => {
    const { run } = sending(15, () => {
      throw new CommandFailed('No AWS credentials were found.');
    });
    expect(await run()).toEqual({ end: 'failed', sent: 0, leading: 0, why: 'No AWS credentials were found.' });
  });

  it('sending that is stopped ends what is under way and tells how many it has sent', async () => {
    const { run, io, sent, batchSizes } = sending(0);
    const interruptedAt25 = function* () {
      for (const message of messages(1000)) {
        if (message.body === '25') io.interrupt();
        yield message;
      }
    };
    expect(await run(interruptedAt25())).toEqual({ end: 'stopped', sent: 20, leading: 20 });
    expect(sent).toHaveLength(20);
    expect(batchSizes).toEqual([10, 10]);
  });

  it('sending that is stopped while it waits to retry does not retry', async () => {
    const { run, io, batchSizes } = sending(10, (_call, bodies) => {
      io.interrupt();
      return bodies.map((body) => (body === '4' ? notNow : taken));
    });
    expect(await run()).toEqual({ end: 'stopped', sent: 9, leading: 3 });
    expect(batchSizes).toEqual([10]);
  });

  it('sending waits for what is under way when its source fails', async () => {
    const { run, sent } = sending(0);
    const breaksAfter10 = function* () {
      yield* messages(10);
      throw new CommandFailed('The file has changed.');
    };
    expect(await run(breaksAfter10())).toEqual({
      end: 'failed',
      sent: 10,
      leading: 10,
      why: 'The file has changed.',
    });
    expect(sent).toHaveLength(10);
  });

  it('sending has at most eight batches under way', async () => {
    let underWay = 0;
    let most = 0;
    const { run, queues } = sending(500);
    const real = queues.sendBatch;
    queues.sendBatch = async (...call) => {
      underWay += 1;
      most = Math.max(most, underWay);
      await new Promise(setImmediate);
      underWay -= 1;
      return real(...call);
    };
    expect(await run()).toEqual({ end: 'all-sent', sent: 500, leading: 500 });
    expect(most).toBe(8);
  });

  it('what is taken out of turn does not move the mark until what is before it is taken', async () => {
    const { queues } = sending(0);
    const { promise: first, resolve: takeFirst } = Promise.withResolvers<void>();
    const real = queues.sendBatch;
    queues.sendBatch = async (url, bodies) => {
      if (bodies[0] === '1') await first;
      return real(url, bodies);
    };
    const marks: number[] = [];
    const io = testIo();
    const work = io.graceful((stopped) =>
      sendAll({
        queues,
        clock: io.clock,
        queueUrl: 'q',
        outgoing: messages(40),
        stopped,
        onSent(_index, _messageId, leading) {
          marks.push(leading);
          if (marks.length === 30) takeFirst();
        },
      }),
    );
    expect(await work).toEqual({ end: 'all-sent', sent: 40, leading: 40 });
    expect(marks.slice(0, 30)).toEqual(Array.from({ length: 30 }, () => 0));
    expect(marks.slice(30)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 40]);
  });
});
