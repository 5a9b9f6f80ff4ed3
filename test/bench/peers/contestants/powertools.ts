import cdk from '../../../../cdk.json' with { type: 'json' };
import { arn } from '../../../../local/aws/account.ts';
import { startEventSource } from '../../../../local/lambda/event-source.ts';
import { createFunction } from '../../../../local/lambda/function.ts';
import { sourceQueue } from '../../../../local/lambda/source-queue.ts';
import type { Contestant } from '../contest.ts';
import { bundlePeer } from './bundle-peer.ts';
import { type PeerSurroundings, preparePeer, type RunningPeer } from './peer-stage.ts';

/** What the worker's stack has, the peer has too. */
const {
  bulkBatchSize,
  bulkBatchWindowSeconds,
  bulkConcurrency,
  functionTimeoutSeconds,
  memoryMb,
  visibilityTimeoutSeconds,
} = cdk.context;

/** `batch-handler.ts`, run as the worker is: in AWS's runtime client, fed by an event source with partial responses. */
export const powertools: Contestant = {
  name: 'Powertools batch handler, p-retry',
  prepare: (quota) => {
    const folder = bundlePeer(new URL('./batch-handler.ts', import.meta.url));
    return preparePeer(quota, visibilityTimeoutSeconds, (surroundings) => run(folder, surroundings));
  },
};

function run(folder: string, { awsEndpoint, queueUrl, queueArn, environment }: PeerSurroundings): RunningPeer {
  const lambda = createFunction({
    name: 'powertools-peer',
    arn: arn('lambda', 'function:powertools-peer'),
    handler: 'index.handler',
    codeDirectory: folder,
    memoryMb,
    timeoutMs: functionTimeoutSeconds * 1000,
    environment,
    awsEndpoint,
    freeze: process.platform !== 'win32',
  });
  const source = startEventSource(
    {
      queueArn,
      batchSize: bulkBatchSize,
      windowSeconds: bulkBatchWindowSeconds,
      maximumConcurrency: bulkConcurrency,
      reportBatchItemFailures: true,
    },
    sourceQueue(awsEndpoint, queueUrl),
    lambda.invoke,
  );
  return {
    stop: async () => {
      const stopped = source.stop();
      await lambda.stop();
      await stopped;
    },
  };
}
