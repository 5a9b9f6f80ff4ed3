import { describe, expect, it } from 'vitest';
import { type Checkpoints, checkpointsOf } from '../../../../../cli/commands/campaign/start/checkpoints.ts';
import type { Connection } from '../../../../../cli/deployment/connect.ts';
import { LedgerUnreachable } from '../../../../../functions/ledger/ledger.ts';
import { contextOf, memoryCampaigns, type TestIo, testIo } from '../../../../support/cli/command-line.ts';
import { aSentCampaign, ID, people } from './scene.ts';

const denied = (): never => {
  throw new LedgerUnreachable(Object.assign(new Error('no'), { name: 'AccessDeniedException' }));
};

async function marking(from = 0) {
  const { item, roster } = aSentCampaign(ID, people(10));
  const memory = memoryCampaigns(item);
  const io: TestIo = testIo();
  const campaigns = { ...memory.campaigns };
  const connection: Connection = await contextOf(io, { campaigns }).connect();
  const setDigest = roster.setDigest();
  const checkpoints: Checkpoints = checkpointsOf(io, connection, { roster, setDigest, sentBy: 'a-1', from });
  const item1 = () => memory.items.get(ID);
  const restore = { checkpoint: memory.campaigns.checkpoint };
  return { io, campaigns, checkpoints, roster, item: item1, restore, cancel: () => memory.campaigns.cancel(ID) };
}

describe('the checkpoints of a campaign', () => {
  it('tell the first request id that may be missing', async () => {
    const { io, checkpoints, roster, item } = await marking();
    checkpoints.taken(4);
    await io.beat();
    expect(item()).toMatchObject({ sentBy: 'a-1', sentBelow: roster.person(4).requestId });
    expect(item()?.sentAt).toBeUndefined();
  });

  it('tell at the end that all is sent', async () => {
    const { io, checkpoints, item } = await marking();
    checkpoints.taken(10);
    expect(await checkpoints.close()).toBe(true);
    expect(item()?.sentAt).toBe(io.clock.now());
  });

  it('give up after ten seconds without the ledger, and say why', async () => {
    const { io, campaigns, checkpoints, restore } = await marking();
    campaigns.checkpoint = async () => denied();
    await io.clock.sleep(9_000);
    await io.beat();
    expect(checkpoints.lost.aborted).toBe(false);
    // A write that gets through begins the time anew.
    campaigns.checkpoint = restore.checkpoint;
    await io.beat();
    campaigns.checkpoint = async () => denied();
    await io.clock.sleep(10_000);
    await io.beat();
    expect(checkpoints.lost.aborted).toBe(false);
    await io.clock.sleep(1);
    checkpoints.taken(1);
    expect(checkpoints.lost.aborted).toBe(true);
    expect(checkpoints.why()).toBe(
      'How far it is sent could not be written down for 10 s. Access to ledger table Ledger is denied: no; ask for this permission or use another AWS_PROFILE.',
    );
    expect(checkpoints.isCancelled()).toBe(false);
    expect(await checkpoints.close()).toBe(false);
  });

  it('hear of a cancellation', async () => {
    const { io, checkpoints, cancel } = await marking();
    await cancel();
    expect(checkpoints.lost.aborted).toBe(false);
    await io.beat();
    expect(checkpoints.lost.aborted).toBe(true);
    expect([checkpoints.isCancelled(), checkpoints.why()]).toEqual([
      true,
      'The campaign has been cancelled meanwhile, and stays cancelled; give another --id, and leave out with --not-in breach-7 who was reset in it.',
    ]);
  });
});
