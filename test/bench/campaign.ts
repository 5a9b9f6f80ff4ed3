import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { finished } from 'node:stream/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { buildProgram } from '../support/cli/built-program.ts';
import { type StandInDeployment, startDeployment } from '../support/cli/stand-ins.ts';
import { killedCampaign } from '../support/killed-campaign.ts';

const BARE = fileURLToPath(new URL('bare-sending.ts', import.meta.url));
const AT_ONCE = 8;
const BATCH = 10;
const LOOK_MS = 20;
/** The machine does other things, too: the best of some runs is what each can do. */
const ROUNDS = 3;
/** Prints the most memory that a process had, in kilobytes. */
const TELL_MEMORY =
  'data:text/javascript,process.on("exit",()=>process.stderr.write("\\nmaxRSS "+process.resourceUsage().maxRSS+"\\n"))';

interface Run {
  /** Messages a second between the first batch and the last. */
  perSecond: number;
  megabytes: number;
}

/** Sending so many rows by the built program, held against a bare loop of `SendMessageBatch` in the same run. */
export async function measureCampaign(rows = 200_000): Promise<string> {
  const program = await buildProgram();
  const folder = await mkdtemp(join(tmpdir(), 'campaign-'));
  try {
    const file = join(folder, 'people.csv');
    await writePeople(file, rows);
    const [bare, ours]: [Run[], Run[]] = [[], []];
    for (let round = 0; round < ROUNDS; round += 1) {
      bare.push(await measured(rows, (aws) => [BARE, aws.url('bulk'), String(rows), String(AT_ONCE)]));
      ours.push(await measured(rows, () => [program.file, 'campaign', 'start', file, '--id', 'breach-7', '--yes']));
    }
    const [bareRate, rate] = [bare, ours].map((runs) => Math.max(...runs.map(({ perSecond }) => perSecond)));
    const megabytes = Math.max(...ours.map((run) => run.megabytes));
    const perSecond = (value = 0): string => `${Math.round(value).toLocaleString('en')}/s`;
    return [
      `campaign      ${rows.toLocaleString('en')} rows sent by campaign start: ${perSecond(rate)}, at most ${Math.round(megabytes)} MB (aim: at most 300)`,
      `              a bare loop of SendMessageBatch, ${AT_ONCE} at once: ${perSecond(bareRate)}; ratio ${((rate ?? 0) / (bareRate ?? 1)).toFixed(2)} (aim: at least 0.8); each the best of ${ROUNDS} in turn`,
    ].join('\n');
  } finally {
    await rm(folder, { recursive: true });
    await program.remove();
  }
}

/** Killed twenty times, each time at another moment, and started again: every row is in the queue under one id. */
export async function measureKills(kills = 20, seed = 1): Promise<string> {
  const { killedAfter, last, messages, emails } = await killedCampaign({ kills, seed });
  const missing = emails.filter((email) => !messages.has(email)).length;
  const torn = [...messages.values()].filter(({ ids }) => ids.size > 1).length;
  const sent = [...messages.values()].reduce((sum, { times }) => sum + times, 0);
  return `kills         ${killedAfter.length} SIGKILLs (seed ${seed}), then exit ${last.code}: ${missing} of ${emails.length} rows missing, ${torn} under two ids, ${sent} messages`;
}

async function writePeople(file: string, rows: number): Promise<void> {
  const stream = createWriteStream(file);
  stream.write('email\n');
  for (let index = 0; index < rows; index += 1) {
    if (!stream.write(`person${index}@example.org\n`)) await once(stream, 'drain');
  }
  stream.end();
  await finished(stream);
}

async function measured(rows: number, args: (deployment: StandInDeployment) => string[]): Promise<Run> {
  const deployment = await startDeployment();
  try {
    const child = spawn(process.execPath, ['--import', TELL_MEMORY, ...args(deployment)], {
      env: deployment.environment(),
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    let told = '';
    child.stderr.on('data', (text) => {
      told += text;
    });
    const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
    const sending = sendingTime(deployment, rows, ended);
    const code = await ended;
    if (code !== 0) throw new Error(`Exit ${code}: ${told}`);
    const megabytes = Number(/maxRSS (\d+)/.exec(told)?.[1]) / 1000;
    return { perSecond: rows / ((await sending) / 1000), megabytes };
  } finally {
    await deployment.stop();
  }
}

/** Milliseconds from the first batch to the last. */
async function sendingTime(deployment: StandInDeployment, rows: number, ended: Promise<unknown>): Promise<number> {
  let isOpen = true;
  void ended.then(() => {
    isOpen = false;
  });
  const batches = (): number => deployment.operations()['sqs:SendMessageBatch'] ?? 0;
  while (isOpen && batches() === 0) await delay(LOOK_MS);
  const begunAt = performance.now();
  while (isOpen && batches() < rows / BATCH) await delay(LOOK_MS);
  return performance.now() - begunAt;
}

if (import.meta.main) {
  console.log(await measureCampaign());
  console.log(await measureKills());
}
