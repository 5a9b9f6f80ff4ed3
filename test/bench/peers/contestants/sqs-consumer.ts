import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import cdk from '../../../../cdk.json' with { type: 'json' };
import { CREDENTIALS, REGION } from '../../../../local/aws/account.ts';
import { startKeeper } from '../../../../local/lambda/keeper.ts';
import type { Contestant } from '../contest.ts';
import { bundlePeer } from './bundle-peer.ts';
import { type PeerSurroundings, preparePeer, type RunningPeer } from './peer-stage.ts';

/** Longer than all retries of a message take together. No function's time-out has to be multiplied here. */
const VISIBILITY_SECONDS = 120;
const LONGEST_STOP_MS = 5_000;

/** `consumer-program.ts` in one long-running process, with as many messages in flight as the functions have. */
export const sqsConsumer: Contestant = {
  name: 'sqs-consumer process, p-retry',
  prepare: (quota) => {
    const folder = bundlePeer(new URL('./consumer-program.ts', import.meta.url));
    return preparePeer(quota, VISIBILITY_SECONDS, (surroundings) => run(folder, surroundings));
  },
};

function run(folder: string, { awsEndpoint, queueUrl, environment }: PeerSurroundings): RunningPeer {
  const keeper = startKeeper();
  const child = spawn(process.execPath, [join(folder, 'index.mjs')], {
    env: {
      ...environment,
      QUEUE_URL: queueUrl,
      CONSUMERS: String(cdk.context.bulkConcurrency),
      AWS_ENDPOINT_URL: awsEndpoint,
      AWS_REGION: REGION,
      AWS_ACCESS_KEY_ID: CREDENTIALS.accessKeyId,
      AWS_SECRET_ACCESS_KEY: CREDENTIALS.secretAccessKey,
      NODE_ENV: 'production',
    },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  if (child.pid !== undefined) keeper.watch(child.pid);
  const hasEnded = () => child.exitCode !== null || child.signalCode !== null;
  return {
    hasEnded,
    stop: async () => {
      if (!hasEnded()) {
        const ended = once(child, 'exit');
        child.kill('SIGTERM');
        const timer = setTimeout(() => child.kill('SIGKILL'), LONGEST_STOP_MS);
        await ended;
        clearTimeout(timer);
      }
      keeper.stop();
    },
  };
}
