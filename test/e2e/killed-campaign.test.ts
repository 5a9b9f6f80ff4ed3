import { expect, it } from 'vitest';
import { killedCampaign } from '../support/killed-campaign.ts';

it('a campaign that is killed at any moment, and started again each time, sends every row under one id', async () => {
  const { killedAfter, last, messages, emails } = await killedCampaign({ kills: 3, seed: 7 });
  expect({ code: last.code, killed: killedAfter.length }).toEqual({ code: 0, killed: 3 });
  expect(last.out).toMatch(/^Sent 4,000 of 4,000 password resets of campaign breach-7\.\n/);
  expect([...messages.keys()].sort()).toEqual([...emails].sort());
  const ids = new Set<string>();
  for (const one of messages.values()) {
    expect(one.ids.size).toBe(1);
    for (const id of one.ids) ids.add(id);
  }
  expect(ids.size).toBe(emails.length);
});
