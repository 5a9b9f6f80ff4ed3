import { describe, expect, it } from 'vitest';
import type { CampaignCounts } from '../../../../cli/queries/campaigns/campaign-counts.ts';
import type { CampaignView } from '../../../../cli/queries/campaigns/campaign-view.ts';
import { campaignSentence, percent } from '../../../../cli/queries/campaigns/sentence.ts';
import type { Totals } from '../../../../cli/queries/situation/running-totals.ts';
import { type CampaignItem, stateReasonTime } from '../../../../functions/ledger/items.ts';
import { aCampaign, anAction, aSentCampaign } from '../../../support/builders.ts';
import { has, unreadable } from '../../../support/cli/a-situation.ts';
import { HOUR_MS, MINUTE_MS } from '../../../support/cli/operator.ts';
import { NOON } from '../../../support/virtual-clock.ts';

const NOTHING_FAILED = {
  'invalid-request': 0,
  expired: 0,
  rejected: 0,
  'server-error': 0,
  'outcome-unknown': 0,
  'retries-exhausted': 0,
};

/** Of 40,000 rows, unless told otherwise, what is given; the rest waits. */
const aCount = (given: Partial<CampaignCounts> = {}): CampaignCounts => {
  const counts = {
    rows: 40_000,
    succeeded: 31_402,
    cancelled: 0,
    discarded: 0,
    failed: { ...NOTHING_FAILED, rejected: 120 },
    failing: 0,
    unconfirmed: 0,
    calling: 0,
    waiting: 8_478,
    others: 0,
    keptSince: undefined,
    last: { count: 0, others: 0, settled: { count: 0, others: 0, before: 0 } },
  };
  return { ...counts, ...given };
};

const SENT = aSentCampaign('breach-7', { rows: 40_000 });
const { sentAt: _, ...BEING_SENT } = SENT;
const CANCELLED: CampaignItem = {
  ...SENT,
  state: 'cancelled',
  stateReasonTime: stateReasonTime('cancelled', NOON - HOUR_MS),
};

const aView = (given: Partial<CampaignView> = {}): CampaignView => ({
  at: NOON,
  item: SENT,
  recent: has({ resets: 290, perMinute: 58 }),
  holds: has([]),
  sending: has(undefined),
  newest: has(undefined),
  ...given,
});

const ALL_ENDED = { succeeded: 39_880, waiting: 0 };
const counted = (counts: CampaignCounts): Totals<CampaignCounts> => ({ kind: 'counted', counts });
const BRAKE = { scope: 'bulk', why: 'brake', since: NOON - 5 * MINUTE_MS, probe: NOON + 12_000 } as const;

describe('The sentence about a campaign', () => {
  it.each<[claim: string, view: Partial<CampaignView>, counts: Partial<CampaignCounts>, sentence: string]>([
    [
      'tells pace and end',
      {},
      {},
      '31,402 of 40,000 reset (78.5%), 120 failed, 8,478 waiting; about 58 a minute, done in about 2 h 26 min (2026-11-23 14:25 UTC).',
    ],
    [
      'tells each kind that there is',
      { recent: has({ resets: 0, perMinute: undefined }) },
      { cancelled: 1, discarded: 2, unconfirmed: 3, calling: 4, waiting: 8_468 },
      '31,402 of 40,000 reset (78.5%), 120 failed, 1 cancelled, 2 discarded, 3 unconfirmed, 4 being called, 8,468 waiting; nothing was reset in the last 5 minutes.',
    ],
    [
      'tells a hold in place of an end',
      { holds: has([BRAKE]) },
      {},
      '31,402 of 40,000 reset (78.5%), 120 failed, 8,478 waiting; held: brake on lane bulk, since 2026-11-23T11:55:00Z (5 min ago); next probe in 12 s.',
    ],
    [
      'tells that holds are not known',
      { holds: unreadable },
      {},
      '31,402 of 40,000 reset (78.5%), 120 failed, 8,478 waiting; whether it is held is not known.',
    ],
    [
      'tells the end, whatever is held',
      { holds: has([BRAKE]) },
      ALL_ENDED,
      '39,880 of 40,000 reset (99.7%), 120 failed; all ended.',
    ],
    [
      'tells when forgotten ones were counted',
      {},
      { ...ALL_ENDED, keptSince: NOON - HOUR_MS },
      '39,880 of 40,000 reset (99.7%), 120 failed; all ended, as counted 2026-11-23 11:00 UTC.',
    ],
    [
      'tells a cancellation, whatever is held',
      { item: CANCELLED, holds: has([BRAKE]) },
      { cancelled: 8_000, waiting: 478 },
      '31,402 of 40,000 reset (78.5%), 120 failed, 8,000 cancelled, 478 cancelling; cancelled 2026-11-23 11:00 UTC.',
    ],
    [
      'of one that is being sent tells so',
      { item: BEING_SENT, sending: has(anAction('action-1', { state: 'running' })) },
      {},
      '31,402 of 40,000 reset (78.5%), 120 failed, 8,478 waiting or not sent; about 58 a minute, done in about 2 h 26 min (2026-11-23 14:25 UTC).',
    ],
    [
      'of one whose sending was cut off tells so',
      { item: BEING_SENT, sending: has(anAction('action-1', { state: 'interrupted' })), recent: unreadable },
      {},
      '31,402 of 40,000 reset (78.5%), 120 failed, 8,478 waiting or not sent; how fast it goes is not known, not all sent.',
    ],
    [
      'of one from other systems has no rows',
      { item: { ...aCampaign('breach-7') } },
      { rows: undefined, succeeded: 3, waiting: 0, failed: NOTHING_FAILED },
      '3 reset; none waits.',
    ],
  ])('%s', (_claim, view, counts, sentence) => {
    expect(campaignSentence(aView(view), counted(aCount(counts)))).toBe(`Campaign breach-7: ${sentence}`);
  });

  it.each<[totals: Totals<CampaignCounts>, sentence: string]>([
    [{ kind: 'counting', counted: 3_000 }, '40,000 rows, being counted (3,000 so far)'],
    [{ kind: 'left out' }, '40,000 rows, not counted'],
    [{ kind: 'failed', why: 'Denied.', counts: undefined }, '40,000 rows, which could not be counted'],
  ])('tells the rows alone where the counts are not known (%j)', (totals, sentence) => {
    expect(campaignSentence(aView(), totals)).toBe(`Campaign breach-7: ${sentence}.`);
    expect(campaignSentence(aView({ holds: has([BRAKE]) }), totals)).toContain(`${sentence}; held: brake on lane bulk`);
  });

  it('reckons that what fails takes its turn like what succeeds', () => {
    const half = aCount({ succeeded: 10_000, failed: { ...NOTHING_FAILED, rejected: 10_000 }, waiting: 20_000 });
    expect(campaignSentence(aView({ recent: has({ resets: 500, perMinute: 100 }) }), counted(half))).toContain(
      'done in about 1 h 40 min',
    );
  });

  it('rounds no percentage up: 100% is all', () => {
    expect([percent(39_999, 40_000), percent(40_000, 40_000), percent(1, 3), percent(0, 0)]).toEqual([
      '99.9%',
      '100%',
      '33.3%',
      '100%',
    ]);
  });
});
