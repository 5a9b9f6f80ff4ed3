import { describe, expect, it } from 'vitest';
import { request } from '../../../../cli/commands/request/request.ts';
import { anItem } from '../../../support/builders.ts';
import { contextOf, failureIn, memoryReader, testIo } from '../../../support/cli/command-line.ts';
import { NOON } from '../../../support/virtual-clock.ts';

const SECOND = 1000;

async function told(item: Parameters<typeof anItem>[0], json = false): Promise<string> {
  const io = testIo();
  const exitCode = await request(contextOf(io, { ledger: memoryReader(anItem(item)) }), { requestId: 'order-1', json });
  expect(exitCode).toBe(0);
  return io.stdout.text;
}

describe('request ID', () => {
  it.each<[claim: string, item: Parameters<typeof anItem>[0], words: RegExp]>([
    ['a success', { state: 'succeeded' }, /^order-1 {2}The password was reset\./],
    ['a later try', { notBefore: NOON + 180 * SECOND }, /next try in 3 min\..*next try +2026-11-23T12:03:00Z/s],
    ['a due try', { notBefore: NOON - SECOND }, /its next try is due/],
    ['a call under way', { state: 'calling', leaseEnd: NOON + SECOND }, /The API is being called.*state +calling\n/s],
    [
      'a lease that ended',
      { state: 'calling', leaseEnd: NOON - SECOND },
      /Unconfirmed: .*state +calling \(unconfirmed\)/s,
    ],
    ['a dead letter', { state: 'failed' }, /Dead-lettered: rejected\.\n.*detail +no such user/s],
    [
      'a dead letter whose reset may have gone through',
      { state: 'failed', reason: 'server-error' },
      /may have gone through all the same/,
    ],
    ['a letter under way', { state: 'failing' }, /Being dead-lettered: rejected/],
    ['a cancellation', { state: 'cancelled' }, /Cancelled with its campaign/],
    ['a discarded letter', { state: 'discarded' }, /Discarded by an operator/],
    [
      'a redrive that waits in its lane',
      { state: 'redriven' },
      /Sent back to its lane by an operator.*state +redriven/s,
    ],
    [
      'a letter that is gone',
      { state: 'failed', gone: NOON },
      /no longer in the queue.*letter gone +2026-11-23T12:00:00Z/s,
    ],
    ['a letter that is there', { state: 'failed' }, /Dead-lettered: rejected\.\n(?!.*letter gone)/s],
    [
      'who asked, and why',
      { requestedBy: 'desk-7', requestReason: 'left the company' },
      /requested by +desk-7\n +request reason +left the company/,
    ],
    ['its last moment', { notAfter: NOON + 60 * SECOND }, /not after +2026-11-23T12:01:00Z \(in 60 s\)/],
    ['its redrives', { redrives: 2 }, /redrives +2/],
    [
      'what was counted',
      { calls: 5, failedCalls: 3, unknowns: 1 },
      /5 calls, of which 3 failed and 1 of unknown outcome/,
    ],
    ['its campaign', { campaignId: 'spring' }, /campaign +spring/],
    ['its last status', { lastStatus: 429 }, /last status +429/],
  ])('request tells %s', async (_claim, item, words) => {
    expect(await told(item)).toMatch(words);
  });

  it('request shows no control character that the ledger holds', async () => {
    const text = await told({ state: 'failed', detail: '\u001b]0;gotcha\u0007', requestedBy: 'a\u001b[2Jb' });
    // biome-ignore lint/suspicious/noControlCharactersInRegex: They are what is looked for.
    expect(text.replaceAll('\n', '')).not.toMatch(/[\u0000-\u001f\u007f-\u009f]/);
    expect(text).toContain('a\\u001b[2Jb');
  });

  it('request --json prints every member, absent ones as null', async () => {
    expect(JSON.parse(await told({ state: 'calling', leaseEnd: NOON - SECOND }, true))).toEqual({
      found: true,
      requestId: 'order-1',
      state: 'calling',
      unconfirmed: true,
      lane: 'interactive',
      campaignId: null,
      calls: 1,
      failedCalls: 0,
      unknowns: 0,
      lastStatus: null,
      reason: null,
      detail: null,
      failureId: null,
      sender: null,
      requestedBy: null,
      requestReason: null,
      notAfter: null,
      redrives: 0,
      firstSentAt: '2026-11-23T11:59:59.000Z',
      firstCallAt: '2026-11-23T11:59:59.500Z',
      finishedAt: null,
      letterGoneAt: null,
      nextTryAt: null,
      leaseEndsAt: '2026-11-23T11:59:59.000Z',
      keptUntil: '2027-02-21T12:00:00.000Z',
    });
  });

  it('request --json prints who asked and why, until when, and how often it was redriven', async () => {
    const asked = { requestedBy: 'desk-7', requestReason: 'left', redrives: 2 };
    expect(
      JSON.parse(await told({ state: 'failed', ...asked, notAfter: NOON, gone: NOON - SECOND }, true)),
    ).toMatchObject({
      ...asked,
      notAfter: '2026-11-23T12:00:00.000Z',
      letterGoneAt: '2026-11-23T11:59:59.000Z',
    });
  });

  it('an unknown request is a failure that says what the reason may be', async () => {
    const io = testIo();
    const context = contextOf(io, { ledger: memoryReader() });
    const failure = await failureIn(request(context, { requestId: 'nobody', json: true }));
    expect(failure).toEqual({
      message: expect.stringMatching(/no request nobody: it is still queued, was never/),
      exitCode: 1,
    });
    expect(JSON.parse(io.stdout.text)).toEqual({ found: false, requestId: 'nobody' });
  });

  it('request refuses an id against the rule without reading the ledger', async () => {
    expect((await failureIn(request(contextOf(testIo()), { requestId: 'a b' }))).exitCode).toBe(2);
  });
});
