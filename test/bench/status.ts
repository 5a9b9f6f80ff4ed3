import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { ledgerCounts } from '../../cli/queries/situation/ledger-counts.ts';
import { dynamoBudgetStore } from '../../functions/call-budget/dynamo-store.ts';
import { freshBudget } from '../../functions/call-budget/state.ts';
import { ledgerReader } from '../../functions/ledger/dynamo/reader.ts';
import { aCampaign, anAction } from '../support/builders.ts';
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

/** How long `resets status` takes, as a person runs it, with one campaign of a million in the local table. */
export async function measureStatus(): Promise<string> {
  const { stdout } = await promisify(execFile)(process.execPath, [LARGE_HEAP, import.meta.filename]);
  return stdout.trimEnd();
}

async function measure(deployment: StandInDeployment): Promise<string> {
  const { documents: client, put } = deployment;
  const place = { client, tableName: TABLE };
  const load = await timed(() => writeCampaign(place, { first: 0, count: ITEMS - NEW_ITEMS, endsAt: Date.now() }));
  await writeCampaign(place, { first: ITEMS - NEW_ITEMS, count: NEW_ITEMS, endsAt: Date.now() });
  await put(aCampaign(CAMPAIGN, { at: Date.now() }), anAction('a-1', { at: Date.now() }));
  await dynamoBudgetStore(client, TABLE).write({ ...freshBudget(Date.now()), revision: 1 });

  const status = (...options: string[]) =>
    timed(async () => JSON.parse((await resets(deployment, 'status', '--json', ...options)).stdout));
  const first = await status('--no-totals');
  const whole = await status();
  const reader = ledgerReader(client, TABLE);
  let progress = 0;
  const onCounted = (): void => {
    progress += 1;
  };
  const counted = await timed(() => ledgerCounts(reader, Date.now, undefined, { onCounted }));
  await writeCampaign(place, { first: ITEMS, count: MORE_ITEMS, endsAt: Date.now() });
  const again = await timed(() => ledgerCounts(reader, Date.now, counted.result));
  const successes = await timed(() => reader.countSucceeded(CAMPAIGN, counted.result.succeeded.get(CAMPAIGN)));
  const seconds = (ms: number): string => `${(ms / 1000).toFixed(1)} s`;
  return [
    `status        a campaign of ${ITEMS} in the local table, loaded in ${seconds(load.ms)}`,
    `              all but the totals in ${seconds(first.ms)} (aim: under 2 s), ${first.result.recent.resets} resets in the last five minutes among it`,
    `              with the totals (${whole.result.requests.succeeded} reset, ${whole.result.requests.failed} dead-lettered) in ${seconds(whole.ms)}`,
    `              the totals alone in ${seconds(counted.ms)}, with ${progress} steps of progress; again after ${MORE_ITEMS} more in ${seconds(again.ms)}, of which the successes took ${successes.ms.toFixed(0)} ms`,
  ].join('\n');
}

const resets = ({ environment }: StandInDeployment, ...args: string[]) =>
  promisify(execFile)(process.execPath, [MAIN, ...args], { env: environment() });

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
