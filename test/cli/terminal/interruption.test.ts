import { getEventListeners } from 'node:events';
import { describe, expect, it } from 'vitest';
import { unlessInterrupted } from '../../../cli/terminal/interruption.ts';

const never = new Promise<never>(() => {});

describe('work that is waited for unless it is interrupted', () => {
  it('gives its result, and its failure', async () => {
    const { signal } = new AbortController();
    expect(await unlessInterrupted(Promise.resolve('done'), signal)).toBe('done');
    await expect(unlessInterrupted(Promise.reject(new Error('no')), signal)).rejects.toThrow('no');
  });

  it('is waited for no more once the signal is given, or if it was given before', async () => {
    const controller = new AbortController();
    const waiting = unlessInterrupted(never, controller.signal);
    controller.abort();
    expect(await waiting).toBeUndefined();
    expect(await unlessInterrupted(never, controller.signal)).toBeUndefined();
  });

  it('leaves nothing behind at the signal, however often it is waited for: a watch may run for days', async () => {
    const { signal } = new AbortController();
    for (let look = 0; look < 100; look += 1) await unlessInterrupted(Promise.resolve(look), signal);
    await unlessInterrupted(Promise.reject(new Error('no')), signal).catch(() => {});
    expect(getEventListeners(signal, 'abort')).toEqual([]);
  });
});
