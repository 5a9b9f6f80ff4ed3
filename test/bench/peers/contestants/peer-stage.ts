import { arn, queueUrl } from '../../../../local/aws/account.ts';
import { callAws } from '../../../../local/aws/aws-call.ts';
import { sendMessages } from '../../../../local/aws/send-messages.ts';
import { startAwsStandIns } from '../../../../local/aws/stand-ins.ts';
import { startApiSimulator } from '../../../../local/reset-api/simulator.ts';
import type { Quota } from '../../../../local/reset-api/token-bucket.ts';
import { LATENCY, type Stage } from '../contest.ts';

/** Where a peer finds what it works with. */
export interface PeerSurroundings {
  awsEndpoint: string;
  queueUrl: string;
  queueArn: string;
  /** What the peer's program reads. */
  environment: Record<string, string>;
}

/** A peer at work. */
export interface RunningPeer {
  /** It ended by itself, and nobody starts it again. */
  hasEnded?(): boolean;
  stop(): Promise<void>;
}

const QUEUE = 'password-resets';
const DEAD_LETTERS = 'password-resets-dead-letters';
/** AWS's advice for a queue that feeds a function: at least 5 (Lambda developer guide, "Understanding SQS retries"). */
const MAX_RECEIVE_COUNT = 5;
const TOKEN = 'local-api-token';

/** A queue with a redrive policy, its dead-letter queue and the API. */
export async function preparePeer(
  quota: Quota,
  visibilityTimeoutSeconds: number,
  run: (surroundings: PeerSurroundings) => RunningPeer,
): Promise<Stage> {
  const simulator = await startApiSimulator({ tokens: [TOKEN], ...LATENCY, quota });
  const standIns = await startAwsStandIns();
  const { origin } = standIns;
  const create = (QueueName: string, Attributes: Record<string, string>) =>
    callAws(origin, 'sqs', 'CreateQueue', { QueueName, Attributes });
  await create(DEAD_LETTERS, {});
  await create(QUEUE, {
    VisibilityTimeout: String(visibilityTimeoutSeconds),
    RedrivePolicy: JSON.stringify({
      deadLetterTargetArn: arn('sqs', DEAD_LETTERS),
      maxReceiveCount: MAX_RECEIVE_COUNT,
    }),
  });
  const surroundings: PeerSurroundings = {
    awsEndpoint: origin,
    queueUrl: queueUrl(origin, QUEUE),
    queueArn: arn('sqs', QUEUE),
    environment: {
      API_BASE_URL: simulator.baseUrl,
      API_TOKEN: TOKEN,
      DEAD_LETTER_QUEUE_URL: queueUrl(origin, DEAD_LETTERS),
    },
  };
  let peer: RunningPeer | undefined;
  return {
    simulator,
    send: (bodies) =>
      sendMessages(
        origin,
        surroundings.queueUrl,
        bodies.map((body) => ({ body })),
      ),
    start: () => {
      peer = run(surroundings);
    },
    left: async () => {
      if (peer?.hasEnded?.()) throw new Error('The peer ended before it was done.');
      const { waiting, inFlight } = await standIns.queueDepth(QUEUE);
      return waiting + inFlight;
    },
    deadLetters: async () => (await standIns.inspectQueue(DEAD_LETTERS)).ready.map(({ body }) => body),
    stop: async () => {
      await peer?.stop();
      await Promise.all([standIns.stop(), simulator.stop()]);
    },
  };
}
