import { newIdKey } from '../../../../../cli/campaigns/request-ids.ts';
import { Roster } from '../../../../../cli/campaigns/roster.ts';
import type { Connection } from '../../../../../cli/deployment/connect.ts';
import { run } from '../../../../../cli/program.ts';
import type { BudgetState } from '../../../../../functions/call-budget/state.ts';
import type { ActionItem, CampaignItem, RequestItem, SentCampaign } from '../../../../../functions/ledger/items.ts';
import { reachedAt } from '../../../../../functions/ledger/items.ts';
import { aCampaign, anAction, anItem } from '../../../../support/builders.ts';
import { counts } from '../../../../support/cli/a-situation.ts';
import {
  CALLER,
  contextOf,
  fakeQueues,
  fileOf,
  memoryActions,
  memoryCampaigns,
  memoryReader,
  onTerminal,
  type TestIo,
  testIo,
} from '../../../../support/cli/command-line.ts';
import { memoryBudgetStore } from '../../../../support/ledger/memory-budget-store.ts';
import { NOON } from '../../../../support/virtual-clock.ts';

export const ID = 'breach-7';
export const people = (count: number): string[] =>
  Array.from({ length: count }, (_, index) => `person${index + 1}@example.org`);

/** What is sent: of each message the members of its body. */
export interface SentBody {
  email: string;
  requestId: string;
  campaignId: string;
  [member: string]: unknown;
}

export interface Ended {
  code: number;
  out: string;
  err: string;
  /** The last line, where it is a fault. */
  fault: string | undefined;
}

export interface Scene {
  queued?: number;
  perMinute?: number;
  budget?: BudgetState;
  /** For the n-th batch, counted from 1. */
  answer?: Parameters<typeof fakeQueues>[0];
  parts?: Partial<Connection>;
}

/** A deployment in memory that outlives the runs of the command, with a worker that a test may set up. */
export function aDeployment({ queued = 0, perMinute = 6_000, budget, parts = {}, ...scene }: Scene = {}) {
  const { campaigns, items, idKeys } = memoryCampaigns();
  const { actions, written } = memoryActions();
  const requests: RequestItem[] = [];
  const world = { answer: scene.answer, onRun: (_io: TestIo): void => {}, become: undefined as Become | undefined };
  let io = testIo();
  const fake = fakeQueues((call, bodies) => {
    const results = world.answer?.(call, bodies);
    for (const [index, body] of bodies.entries()) {
      if (results?.[index]?.ok === false || world.become === undefined) continue;
      const { requestId } = JSON.parse(body) as SentBody;
      const about = { key: requestId, campaignId: ID, lane: 'bulk', firstSentAt: NOON } as const;
      requests.push(anItem({ ...about, ...world.become(requests.length) }));
    }
    return results;
  });
  fake.queues.counts = async () => counts({ waiting: queued });
  const reader = () => memoryReader(...requests);
  const ledger: Connection['ledger'] = {
    ...memoryReader(),
    findEach: (ids) => reader().findEach(ids),
    count: (selection) => reader().count(selection),
    list: (...selections) => reader().list(...selections),
    findCampaign: async (id) => items.get(id),
    async *campaigns() {
      yield* [...items.values()].sort((one, other) => reachedAt(other) - reachedAt(one));
    },
    findAction: async (id) => {
      const action = written.get(id);
      return action === undefined ? undefined : anAction(id, action as Partial<ActionItem>);
    },
  };
  const store = memoryBudgetStore(io.clock);
  if (budget !== undefined) store.item = budget;
  const connectionParts: Partial<Connection> = {
    campaigns,
    actions,
    ledger,
    budget: store,
    queues: fake.queues,
    ...parts,
  };

  /** Gives the command line; a terminal types what is given. */
  const resets = async (
    args: string[],
    { typed, env = {} }: { typed?: string; env?: TestIo['env'] } = {},
  ): Promise<Ended> => {
    io = testIo();
    io.newId = () => `action-${written.size + 1}`;
    if (typed !== undefined) onTerminal(io, typed);
    io.env = { NO_COLOR: '1', ...env };
    world.onRun(io);
    const connection = await contextOf(io, connectionParts).connect();
    connection.deployment = { ...connection.deployment, ceiling: { quota: 'known', perMinute, burst: 10, reserve: 3 } };
    const code = await run(args, io, async () => connection);
    const last = io.stderr.lines.at(-1);
    return { code, out: io.stdout.text, err: io.stderr.text, fault: last?.startsWith('resets: ') ? last : undefined };
  };
  const sent = (): SentBody[] => fake.sent.map(({ body }) => body as unknown as SentBody);
  return {
    resets,
    /** Starts the campaign with a file of these lines, without being asked. */
    async start(lines: readonly string[], more: readonly string[] = ['--yes']): Promise<Ended> {
      return resets(['campaign', 'start', await fileOf(lines.join('\n'), 'people.csv'), '--id', ID, ...more]);
    },
    world,
    io: () => io,
    sent,
    emails: () => sent().map(({ email }) => email),
    batches: fake.batchSizes,
    campaigns,
    items,
    idKeys,
    written,
    requests,
    item: () => items.get(ID),
  };
}

/** What a worker makes of the n-th request that it receives. */
export type Become = (index: number) => Partial<RequestItem> & { at?: number };

/** A campaign that was sent from a file of these people. */
export function aSentCampaign(
  id: string,
  emails: readonly string[],
  { at = NOON - 60 * 60_000, ...more }: Partial<CampaignItem> & { at?: number } & { with?: Partial<SentCampaign> } = {},
): { item: CampaignItem; idKey: Uint8Array; roster: Roster } {
  const idKey = newIdKey();
  const roster = new Roster(id, idKey);
  for (const [index, email] of emails.entries()) roster.add(email, index + 1);
  const { with: withMembers, ...members } = more;
  const sent: SentCampaign = {
    lane: 'bulk',
    rows: roster.size,
    setDigest: roster.setDigest(),
    startedAt: at,
    startedBy: CALLER,
    file: 'people.csv',
    fileSha256: 'f',
    whereColumns: [],
    excludeFiles: 0,
    notIn: [],
    ...withMembers,
  };
  return { item: { ...aCampaign(id, { at, state: members.state ?? 'active' }), sent, ...members }, idKey, roster };
}
