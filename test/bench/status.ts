import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { campaignCounts } from '../../cli/queries/campaigns/campaign-counts.ts';
import { ledgerCounts } from '../../cli/queries/situation/ledger-counts.ts';
import { dynamoBudgetStore } from '../../functions/call-budget/dynamo-store.ts';
import { freshBudget } from '../../functions/call-budget/state.ts';
import { ledgerReader } from '../../functions/ledger/dynamo/reader.ts';
import { stateReasonTime } from '../../functions/ledger/items.ts';
import { anAction, aSentCampaign } from '../support/builders.ts';
import { type StandInDeployment, startDeployment, TABLE } from '../support/cli/stand-ins.ts';
import { CAMPAIGN, INTERVAL_MS, writeCampaign } from './large-campaign.ts';
import { timed } from './timed.ts';

const ITEMS = 1_000_000;
/** The last five minutes' worth. They are written last, so that they are new when they are looked at. */
const NEW_ITEMS = (5 * 60_000) / INTERVAL_MS;
const MORE_ITEMS = 1_000;
const MAIN = fileURLToPath(new URL('../../cli/main.ts', import.meta.url));
/** The local table keeps a million requests in memory, with their index. */
const LARGE_HEAP = '--max-old-space-size=12000';

/** How long `resets status` and `campaign status` take, as a person runs them, with one campaign of a million in the local table. */
export async function measureStatus(): Promise<string> {
  const { stdout } = await promisify(execFile)(process.execPath, [LARGE_HEAP, import.meta.filename]);
  return stdout.trimEnd();
}

async function measure(deployment: StandInDeployment): Promise<string> {
  const { documents: client, put } = deployment;
  const place = { client, tableName: TABLE };
  const load = await timed(() => writeCampaign(place, { first: 0, count: ITEMS - NEW_ITEMS, endsAt: Date.now() }));
  await writeCampaign(place, { first: ITEMS - NEW_ITEMS, count: NEW_ITEMS, endsAt: Date.now() });
  const campaign = aSentCampaign(
    CAMPAIGN,
    { rows: ITEMS + MORE_ITEMS },
    { stateReasonTime: stateReasonTime('active', Date.now()) },
  );
  await put(campaign, anAction('a-1', { at: Date.now() }));
  await dynamoBudgetStore(client, TABLE).write({ ...freshBudget(Date.now()), revision: 1 });

  const status = (...options: string[]) =>
    timed(async () => JSON.parse((await resets(deployment, 'status', '--json', ...options)).stdout));
  const first = await status('--no-totals');
  const whole = await status();
  const page = await timed(() => firstLine(deployment, 'campaign', 'status', CAMPAIGN, '--watch', '--json'));
  const one = await timed(async () =>
    JSON.parse((await resets(deployment, 'campaign', 'status', CAMPAIGN, '--json')).stdout),
  );
  const reader = ledgerReader(client, TABLE);
  const { last } = await campaignCounts(reader, Date.now, campaign);
  let progress = 0;
  const onCounted = (): void => {
    progress += 1;
  };
  const counted = await timed(() => ledgerCounts(reader, Date.now, undefined, { onCounted }));
  await writeCampaign(place, { first: ITEMS, count: MORE_ITEMS, endsAt: Date.now() });
  const again = await timed(() => ledgerCounts(reader, Date.now, counted.result));
  const successes = await timed(() => reader.countSucceeded(CAMPAIGN, counted.result.succeeded.get(CAMPAIGN)));
  const oneAgain = await timed(() => campaignCounts(reader, Date.now, campaign, last));
  const seconds = (ms: number): string => `${(ms / 1000).toFixed(1)} s`;
  return [
    `status        a campaign of ${ITEMS} in the local table, loaded in ${seconds(load.ms)}`,
    `              all but the totals in ${seconds(first.ms)} (aim: under 2 s), ${first.result.recent.resets} resets in the last five minutes among it`,
    `              with the totals (${whole.result.requests.succeeded} reset, ${whole.result.requests.failed} dead-lettered) in ${seconds(whole.ms)}`,
    `              the totals alone in ${seconds(counted.ms)}, with ${progress} steps of progress; again after ${MORE_ITEMS} more in ${seconds(again.ms)}, of which the successes took ${successes.ms.toFixed(0)} ms`,
    `              campaign status: the first page of --watch in ${seconds(page.ms)} (aim: under 2 s), all of it (${one.result.counts.reset} reset, ${one.result.counts.waiting} waiting) in ${seconds(one.ms)}`,
    `              its counts again after ${MORE_ITEMS} more (${oneAgain.result.waiting} waiting) in ${seconds(oneAgain.ms)}`,
  ].join('\n');
}

const resets = ({ environment }: StandInDeployment, ...args: string[]) =>
  promisify(execFile)(process.execPath, [MAIN, ...args], { env: environment() });

/** Until the program has printed its first line; then it is ended. */
async function firstLine({ environment }: StandInDeployment, ...args: string[]): Promise<void> {
  const program = spawn(process.execPath, [MAIN, ...args], {
    env: environment(),
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await once(program.stdout, 'data');
  program.kill();
  await once(program, 'exit');
}

async function main(): Promise<string> {
  if (!process.execArgv.includes(LARGE_HEAP)) return measureStatus();
  const deployment = await startDeployment();
  try {
    return await measure(deployment);
  } finally {
    await deployment.stop();
  }
}

if (import.meta.main) console.log(await main());
