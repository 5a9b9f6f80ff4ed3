import { describe, expect, it } from 'vitest';
import { isPlan, type PlannedCampaign, planOf } from '../../../cli/campaigns/plan.ts';
import { newIdKey } from '../../../cli/campaigns/request-ids.ts';
import { Roster } from '../../../cli/campaigns/roster.ts';
import { DEPLOYMENT } from '../../support/cli/command-line.ts';

const PLACE = { deployment: DEPLOYMENT, account: '123456789012', region: 'eu-central-1' };
const PLANNED: PlannedCampaign = {
  campaignId: 'breach-7',
  lane: 'bulk',
  emailColumn: 'email',
  where: [
    { column: 'country', value: 'DE' },
    { column: 'unit', value: '7' },
  ],
  notIn: ['breach-5', 'breach-6'],
  reason: 'ticket 4711',
  requestedBy: 'soc',
  notAfter: 1_800_000_000_000,
  canary: 50,
  maxFailures: '50%',
};
const PEOPLE = ['ann@example.org', 'bob@example.org', 'eve@example.org'];

const rosterOf = (people: readonly string[]): Roster => {
  // As before the start of a campaign: each run draws a key of its own.
  const roster = new Roster('breach-7', newIdKey());
  for (const [index, email] of people.entries()) roster.add(email, index + 1);
  return roster;
};
const plan = (planned: Partial<PlannedCampaign> = {}, people = PEOPLE, place: Partial<typeof PLACE> = {}): string =>
  planOf({ ...PLACE, ...place }, { ...PLANNED, ...planned }, rosterOf(people));

describe('A plan', () => {
  it('is twelve characters that a person can copy', () => {
    expect(plan()).toMatch(/^[a-z2-7]{12}$/);
    expect(isPlan(plan(), ` ${plan().toUpperCase()} `)).toBe(true);
    expect(isPlan(plan(), plan({ lane: 'interactive' }))).toBe(false);
  });

  it('is the same on every machine and in every run', () => {
    expect(plan()).toBe(plan());
    // Written down: a later version that makes another one refuses what was approved before.
    expect(plan()).toBe('3dismg2fq2ok');
  });

  it.each<[claim: string, other: () => string]>([
    ['the order of the rows', () => plan({}, PEOPLE.toReversed())],
    ['the case of an address', () => plan({}, ['ANN@example.org', ...PEOPLE.slice(1)])],
    ['a repeated row', () => plan({}, [...PEOPLE, 'ann@example.org'])],
    ['the order of conditions', () => plan({ where: PLANNED.where.toReversed() })],
    ['the order of campaigns whose people are left out', () => plan({ notIn: PLANNED.notIn.toReversed() })],
    [
      'the way in which the deployment was found',
      () => plan({}, PEOPLE, { deployment: { ...DEPLOYMENT, name: 'stack Test of outputs.json' } }),
    ],
  ])('does not depend on %s', (_claim, other) => {
    expect(other()).toBe(plan());
  });

  it.each<[claim: string, other: () => string]>([
    ['one person less', () => plan({}, PEOPLE.slice(1))],
    ['one person for another', () => plan({}, [...PEOPLE.slice(1), 'mal@example.org'])],
    ['another id', () => plan({ campaignId: 'breach-8' })],
    ['another lane', () => plan({ lane: 'interactive' })],
    ['another column', () => plan({ emailColumn: 'mail' })],
    ['another condition', () => plan({ where: [{ column: 'country', value: 'FR' }] })],
    ['a condition less', () => plan({ where: PLANNED.where.slice(1) })],
    ['a campaign less to leave out', () => plan({ notIn: ['breach-5'] })],
    ['another reason', () => plan({ reason: 'ticket 4712' })],
    ['somebody else who asks', () => plan({ requestedBy: 'helpdesk' })],
    ['another end', () => plan({ notAfter: undefined })],
    ['another canary', () => plan({ canary: 5 })],
    ['another limit of the canary', () => plan({ maxFailures: '100%' })],
    ['another account', () => plan({}, PEOPLE, { account: '210987654321' })],
    ['another region', () => plan({}, PEOPLE, { region: 'us-east-1' })],
    ['another stack', () => plan({}, PEOPLE, { deployment: { ...DEPLOYMENT, ledgerTableName: 'Other' } })],
  ])('is another one for %s', (_claim, other) => {
    expect(other()).not.toBe(plan());
  });
});
