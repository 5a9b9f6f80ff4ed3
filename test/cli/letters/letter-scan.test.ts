import { describe, expect, it } from 'vitest';
import type { Queues, ReceivedMessage } from '../../../cli/deployment/queues.ts';
import { type LetterInHand, scanLetters } from '../../../cli/letters/letter-scan.ts';
import { CommandFailed } from '../../../cli/terminal/io.ts';
import { type TestIo, testIo } from '../../support/cli/command-line.ts';
import { NOON } from '../../support/virtual-clock.ts';

const URL = 'http://127.0.0.1/q/dead';
const POLL_MS = 5_000;

/** A queue in memory that acts as SQS does: what is hidden is not given, until its time is up. */
function aQueue(io: TestIo, ids: readonly string[]) {
  const shown = new Map(ids.map((id) => [id, NOON]));
  const removed: string[] = [];
  const given: string[] = [];
  let receives = 0;
  const idOf = (handle: string) => handle.replace(/#\d+$/, '');
  const queues: Pick<Queues, 'receive' | 'hide' | 'remove'> = {
    async receive(_url, seconds) {
      await io.clock.sleep(POLL_MS);
      receives += 1;
      const visible = [...shown].filter(([, from]) => from <= io.clock.now()).slice(0, 10);
      return visible.map(([messageId]): ReceivedMessage => {
        shown.set(messageId, io.clock.now() + seconds * 1000);
        given.push(messageId);
        return { messageId, receiptHandle: `${messageId}#${receives}`, body: `body of ${messageId}`, attributes: {} };
      });
    },
    async hide(_url, handles, seconds) {
      for (const handle of handles) shown.set(idOf(handle), io.clock.now() + seconds * 1000);
    },
    async remove(_url, handle) {
      removed.push(handle);
      shown.delete(idOf(handle));
    },
  };
  const visible = () => [...shown].filter(([, from]) => from <= io.clock.now()).map(([id]) => id);
  return { queues, removed, given, visible, arrive: (id: string) => void shown.set(id, io.clock.now()) };
}

const ids = (count: number): string[] => Array.from({ length: count }, (_, index) => `letter-${index}`);

function scan(
  io: TestIo,
  { queues }: Pick<ReturnType<typeof aQueue>, 'queues'>,
  look: (letter: LetterInHand) => boolean | Promise<boolean>,
  stopped = new AbortController().signal,
) {
  return scanLetters({ clock: io.clock, queues, queueUrl: URL, stopped }, async (letter) => look(letter));
}

describe('A scan of the dead letters', () => {
  it('shows each letter once and lets all go when nothing new has come for 65 s', async () => {
    const io = testIo();
    const queue = aQueue(io, ids(25));
    const seen: string[] = [];
    const end = await scan(io, queue, async ({ messageId, body }) => {
      seen.push(`${messageId}: ${body}`);
      return false;
    });
    expect(end).toBe('nothing-new');
    expect(seen).toEqual(ids(25).map((id) => `${id}: body of ${id}`));
    expect(io.clock.now() - NOON).toBe(3 * POLL_MS + 65_000);
    expect(queue.visible()).toEqual(ids(25));
  });

  it('ends as soon as its looker has seen enough, and lets go of what it holds', async () => {
    const io = testIo();
    const queue = aQueue(io, ids(25));
    expect(await scan(io, queue, ({ messageId }) => messageId === 'letter-12')).toBe('enough');
    expect(io.clock.now() - NOON).toBe(2 * POLL_MS);
    expect(queue.visible()).toEqual(ids(25));
  });

  it('waits on while new letters come', async () => {
    const io = testIo();
    const queue = aQueue(io, ids(1));
    const begun = io.clock.now();
    await scan(io, queue, async () => {
      await io.clock.sleep(50_000);
      if (io.clock.now() - begun < 200_000) queue.arrive(`late-${io.clock.now()}`);
      return false;
    });
    expect(io.clock.now() - begun).toBeGreaterThan(200_000);
  });

  it('renews what it holds, so that it is not given again instead of others', async () => {
    const io = testIo();
    const queue = aQueue(io, ids(12));
    const { receive } = queue.queues;
    queue.queues.receive = async (url, seconds) => {
      await io.beat();
      return receive(url, seconds);
    };
    await scan(io, queue, () => false);
    expect(queue.given).toHaveLength(12);
  });

  it('removes a letter for good with the handle that it came with, and does not let it go', async () => {
    const io = testIo();
    const queue = aQueue(io, ids(3));
    await scan(io, queue, async ({ messageId, remove }) => {
      if (messageId === 'letter-1') await remove();
      return messageId === 'letter-2';
    });
    expect(queue.removed).toEqual(['letter-1#1']);
    expect(queue.visible()).toEqual(['letter-0', 'letter-2']);
  });

  it('ends after the poll under way when it is told to stop, and lets all go', async () => {
    const io = testIo();
    const queue = aQueue(io, ids(3));
    const stop = new AbortController();
    const seen: string[] = [];
    const look = ({ messageId }: LetterInHand) => {
      seen.push(messageId);
      stop.abort();
      return false;
    };
    expect(await scan(io, queue, look, stop.signal)).toBe('stopped');
    expect(seen).toEqual(ids(3));
    expect(queue.visible()).toEqual(ids(3));
  });

  it('lets go of all letters when its looker fails', async () => {
    const io = testIo();
    const queue = aQueue(io, ids(3));
    await expect(
      scan(io, queue, () => {
        throw new Error('no');
      }),
    ).rejects.toThrow('no');
    expect(queue.visible()).toEqual(ids(3));
  });

  it('is done all the same if SQS does not let a letter go: it shows itself within a minute', async () => {
    const io = testIo();
    const queue = aQueue(io, ids(3));
    queue.queues.hide = () => Promise.reject(new CommandFailed('no'));
    expect(await scan(io, queue, () => true)).toBe('enough');
    await io.clock.sleep(60_000);
    expect(queue.visible()).toEqual(ids(3));
  });

  it('does not hide a bug', async () => {
    const io = testIo();
    const queue = aQueue(io, ids(3));
    queue.queues.hide = () => Promise.reject(new TypeError('bug'));
    await expect(scan(io, queue, () => true)).rejects.toThrow(TypeError);
  });
});
