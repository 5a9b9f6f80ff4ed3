import { availableParallelism, cpus, loadavg } from 'node:os';
import { parseArgs } from 'node:util';
import type { Quota } from '../../../local/reset-api/token-bucket.ts';
import { type Contestant, type Result, runContest } from './contest.ts';
import { powertools } from './contestants/powertools.ts';
import { sqsConsumer } from './contestants/sqs-consumer.ts';
import { worker } from './contestants/worker.ts';
import { jobsOf, leastCalls, leastMs } from './jobs.ts';
import { tableOf } from './table.ts';

interface Comparison {
  jobs: number;
  quota: Quota;
  seed: number;
}

const FULL_SIZE: Comparison = { jobs: 1_200, quota: { perMinute: 600, burst: 20 }, seed: 1 };

const USAGE = `Usage: node test/bench/peers/main.ts [--jobs N] [--quota N] [--seed N]

Lets the worker and two peers do the same jobs on this machine, one after the other, and prints a table. About 7 minutes with
${FULL_SIZE.jobs} jobs at ${FULL_SIZE.quota.perMinute} calls a minute + ${FULL_SIZE.quota.burst}; --jobs 200 takes one.
`;

const CONTESTANTS: readonly Contestant[] = [worker, powertools, sqsConsumer];

const METHOD = `Drained in: from the start of the contestant to its last acknowledgement. Of the quota: the least time divided by that. Second resets: of an address
that was reset before; whoever asks again after a 504 makes one for each that had gone through. Wrong dead letters: of requests that the API does not refuse
for good. Lost: neither reset nor dead-lettered nor in the queue. CPU: user and system time of the contestant's own processes; queues, ledger, API and
event source run in another one. Each runs alone, with 20 messages in flight and the same latency. The worker is told the quota; the peers, which
have no pace, learn of it from each 429 and its Retry-After. No crash, outage, duplicate or expired token is part of this.`;

/** Lets the worker and its peers do the same jobs one after the other. @returns Markdown: when, where and what, the table, and how. */
export async function comparePeers({ jobs: count, quota, seed }: Comparison = FULL_SIZE): Promise<string> {
  const jobs = jobsOf(count, seed);
  const calls = leastCalls(jobs);
  const [load = 0] = loadavg();
  const machine = `${availableParallelism()} cores (${cpus()[0]?.model.trim() ?? 'unknown'}), Node ${process.versions.node}`;
  const results: Result[] = [];
  for (const contestant of CONTESTANTS) {
    console.error(`${contestant.name}: ${count} jobs …`);
    results.push(await runContest(contestant, jobs, quota));
  }
  const seconds = (leastMs(calls, quota) / 1000).toFixed(1);
  return `${new Date().toISOString().slice(0, 10)}; ${machine}; load ${load.toFixed(1)} before the run.
${count} jobs: 5% fail for good (404), 2% meet one 503, 1% are reset and answered 504 once; seed ${seed}. Quota ${quota.perMinute} calls a minute + ${quota.burst}.
The least that can be: ${calls} calls, a job one and one more for each 503 and 504; (${calls} − ${quota.burst}) ÷ ${quota.perMinute} a minute = ${seconds} s.

${tableOf(results)}

${METHOD}
`;
}

async function main(args: readonly string[]): Promise<number> {
  const { jobs, quota, seed, help } = readArguments(args);
  if (help || [jobs, quota, seed].some((value) => !(Number.isInteger(value) && value > 0))) {
    process.stdout.write(USAGE);
    return help ? 0 : 2;
  }
  console.log(await comparePeers({ jobs, quota: { ...FULL_SIZE.quota, perMinute: quota }, seed }));
  return 0;
}

function readArguments(args: readonly string[]) {
  const { values } = parseArgs({
    args: [...args],
    options: {
      jobs: { type: 'string', default: String(FULL_SIZE.jobs) },
      quota: { type: 'string', default: String(FULL_SIZE.quota.perMinute) },
      seed: { type: 'string', default: String(FULL_SIZE.seed) },
      help: { type: 'boolean', default: false },
    },
  });
  return { jobs: Number(values.jobs), quota: Number(values.quota), seed: Number(values.seed), help: values.help };
}

if (import.meta.main) process.exitCode = await main(process.argv.slice(2));
