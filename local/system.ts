import { VARIABLES } from '../functions/contract/function-environment.ts';
import { LANES, type Lane } from '../functions/contract/reset-request.ts';
import { OUTPUTS } from '../functions/contract/stack-outputs.ts';
import type { RequestItem } from '../functions/ledger/items.ts';
import { CREDENTIALS, REGION } from './aws/account.ts';
import type { Faults } from './aws/faults.ts';
import { readLedger } from './aws/scan-ledger.ts';
import { type OutgoingMessage, sendMessages } from './aws/send-messages.ts';
import { type AwsStandIns, type InspectedMessage, type QueueDepth, startAwsStandIns } from './aws/stand-ins.ts';
import { type EventSource, type MappingOptions, startEventSource } from './lambda/event-source.ts';
import { createFunction, type LambdaFunction } from './lambda/function.ts';
import { sourceQueue } from './lambda/source-queue.ts';
import { type ApiSimulator, type SimulatorOptions, startApiSimulator } from './reset-api/simulator.ts';
import { createResources } from './stack/create-resources.ts';
import { type Deployment, synthesizeDeployment } from './stack/synthesized-stack.ts';
import { readTemplate } from './stack/template.ts';

export interface LocalSystemOptions {
  /** Synthesized before, to be used by several systems. */
  deployment?: Deployment;
  /** Configuration of the stack over that of `cdk.json`, where no deployment is given. */
  context?: Record<string, unknown>;
  /** Folder for template and bundle; a temporary one unless given. */
  outdir?: string;
  /** The function's variables, over those of the template. */
  environment?: Partial<Record<string, string>>;
  /** What the mappings and the function have in the template, where a test wants another. */
  mapping?: Partial<Pick<MappingOptions, 'batchSize' | 'windowSeconds' | 'maximumConcurrency'>>;
  functionTimeoutMs?: number;
  visibilityTimeoutSeconds?: number;
  /** The lanes whose messages are delivered from the start; all unless given. */
  lanes?: readonly Lane[];
  /** The secret's value: the simulator's token unless given. `null` leaves it as the deployment makes it, without a value. */
  secretValue?: string | null;
  /** The simulator's. Its quota is the function's ceiling unless given. */
  simulator?: SimulatorOptions;
  /** A reset API that runs elsewhere; then there is no simulator of this system's own in use. */
  apiBaseUrl?: string;
  /** Freeze idle sandboxes, as Lambda does; on unless given, where the machine can. */
  freeze?: boolean;
  /** What the sandboxes print. */
  logFile?: string;
  /** Port of the stand-ins; a free one unless given. */
  port?: number;
}

/** The whole system on this machine. Several can run at once. */
export interface LocalSystem {
  /** For `AWS_ENDPOINT_URL`, with {@link clientOptions} for an SDK client. */
  awsEndpoint: string;
  clientOptions: { endpoint: string; region: string; credentials: typeof CREDENTIALS };
  stackName: string;
  /** The stack's outputs by their keys. */
  outputs: Record<string, string>;
  queueUrls: Record<Lane, string>;
  deadLetterQueueUrl: string;
  ledgerTableName: string;
  secretArn: string;
  /** The token that the simulator accepts at the start. */
  token: string;
  simulator: ApiSimulator;
  /** What the sandboxes print, if it is kept. */
  logFile: string | undefined;
  function: LambdaFunction;
  faults: Faults;
  /** Operations of the stand-ins so far, by `service:Operation`. */
  operations(): Record<string, number>;
  putSecret(value: string): void;
  /** Sends to a lane as another system would. @returns the message ids, in order. */
  send(lane: Lane, messages: readonly OutgoingMessage[]): Promise<string[]>;
  depth(lane: Lane): Promise<QueueDepth>;
  /** The dead letters, without receiving them. */
  deadLetters(): Promise<InspectedMessage[]>;
  /** All requests in the ledger. */
  ledgerItems(): Promise<RequestItem[]>;
  startLane(lane: Lane): void;
  /** Delivers nothing more; resolves when the last delivery has ended. */
  stopLane(lane: Lane): Promise<void>;
  /** Ends everything at once: processes, servers, timers. */
  stop(): Promise<void>;
}

const DEFAULT_TOKEN = 'local-api-token';

export async function startLocalSystem(options: LocalSystemOptions = {}): Promise<LocalSystem> {
  const token = options.simulator?.tokens?.[0] ?? DEFAULT_TOKEN;
  const simulator = await startApiSimulator({ tokens: [token], ...options.simulator });
  const apiBaseUrl = options.apiBaseUrl ?? simulator.baseUrl;
  let standIns: AwsStandIns | undefined;
  try {
    const deployment =
      options.deployment ?? (await synthesizeDeployment({ apiBaseUrl, ...options.context }, options.outdir));
    standIns = await startAwsStandIns(options.port);
    return await assemble(options, deployment, { standIns, simulator, apiBaseUrl, token });
  } catch (error) {
    await Promise.all([simulator.stop(), standIns?.stop()]);
    throw error;
  }
}

async function assemble(
  options: LocalSystemOptions,
  deployment: Deployment,
  parts: { standIns: AwsStandIns; simulator: ApiSimulator; apiBaseUrl: string; token: string },
): Promise<LocalSystem> {
  const { standIns, simulator, apiBaseUrl, token } = parts;
  const { origin } = standIns;
  const resources = readTemplate(deployment.template, deployment.stackName, origin);
  const { outputs } = resources;
  const visibility = options.visibilityTimeoutSeconds;
  for (const { queue } of resources.mappings) {
    if (visibility !== undefined) queue.attributes.VisibilityTimeout = String(visibility);
  }
  await createResources(standIns, resources);

  const environment = withOverrides(resources.function.environment, {
    [VARIABLES.apiBaseUrl]: apiBaseUrl,
    ...options.environment,
  });
  const secretArn = environment[VARIABLES.apiTokenSecretArn] ?? '';
  // A configuration may name a secret that exists already; it is made here all the same.
  if (!resources.secrets.some(({ arn }) => arn === secretArn)) standIns.secrets.create(secretArn, secretArn);
  const putSecret = (value: string) =>
    void standIns.secrets.handle('PutSecretValue', { SecretId: secretArn, SecretString: value });
  if (options.secretValue !== null) putSecret(options.secretValue ?? token);
  if (options.simulator === undefined || !('quota' in options.simulator)) {
    const perMinute = Number(environment[VARIABLES.callsPerMinute]);
    const burst = Number(environment[VARIABLES.callBurst]);
    if (perMinute > 0) simulator.change({ quota: { perMinute, burst } });
  }

  const worker = createFunction({
    ...resources.function,
    codeDirectory: deployment.assetDirectory(resources.function.logicalId),
    timeoutMs: options.functionTimeoutMs ?? resources.function.timeoutMs,
    environment,
    awsEndpoint: origin,
    freeze: options.freeze ?? process.platform !== 'win32',
    logFile: options.logFile,
  });

  const queueUrls = {
    interactive: outputs[OUTPUTS.interactiveQueueUrl] ?? '',
    bulk: outputs[OUTPUTS.bulkQueueUrl] ?? '',
  };
  const deadLetterQueueUrl = outputs[OUTPUTS.deadLetterQueueUrl] ?? '';
  const ledgerTableName = outputs[OUTPUTS.ledgerTableName] ?? '';
  const running = new Map<Lane, EventSource>();
  const startLane = (lane: Lane) => {
    const mapping = resources.mappings.find(({ queue }) => queue.url === queueUrls[lane]);
    if (mapping === undefined || !mapping.enabled || running.has(lane)) return;
    const source = startEventSource(
      { ...mapping, ...options.mapping },
      sourceQueue(origin, queueUrls[lane]),
      worker.invoke,
    );
    running.set(lane, source);
  };
  const stopLane = async (lane: Lane) => {
    const source = running.get(lane);
    running.delete(lane);
    await source?.stop();
  };
  for (const lane of options.lanes ?? LANES) startLane(lane);

  return {
    awsEndpoint: origin,
    clientOptions: { endpoint: origin, region: REGION, credentials: CREDENTIALS },
    stackName: deployment.stackName,
    outputs,
    queueUrls,
    deadLetterQueueUrl,
    ledgerTableName,
    secretArn,
    token,
    simulator,
    logFile: options.logFile,
    function: worker,
    faults: standIns.faults,
    operations: standIns.operations,
    putSecret,
    send: (lane, messages) => sendMessages(origin, queueUrls[lane], messages),
    depth: (lane) => standIns.queueDepth(nameOf(queueUrls[lane])),
    deadLetters: async () => {
      const { ready, delayed, inflight } = await standIns.inspectQueue(nameOf(deadLetterQueueUrl));
      return [...ready, ...delayed, ...inflight.map(({ message }) => message)];
    },
    ledgerItems: () => readLedger(origin, ledgerTableName),
    startLane,
    stopLane,
    stop: async () => {
      // The pollers end when the sandboxes and the queues are gone, in no more time than a poll takes.
      const sources = Promise.all(LANES.map((lane) => stopLane(lane)));
      await worker.stop();
      await standIns.stop();
      await Promise.all([sources, simulator.stop()]);
    },
  };
}

const nameOf = (url: string): string => url.slice(url.lastIndexOf('/') + 1);

function withOverrides(
  variables: Record<string, string>,
  overrides: Partial<Record<string, string>>,
): Record<string, string> {
  const entries = Object.entries({ ...variables, ...overrides });
  return Object.fromEntries(entries.filter((entry): entry is [string, string] => entry[1] !== undefined));
}
