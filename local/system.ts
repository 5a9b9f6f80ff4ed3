import { VARIABLES } from '../functions/contract/function-environment.ts';
import { LANES, type Lane } from '../functions/contract/reset-request.ts';
import { OUTPUTS } from '../functions/contract/stack-outputs.ts';
import type { RequestItem } from '../functions/ledger/items.ts';
import { CREDENTIALS, REGION } from './aws/account.ts';
import type { Faults } from './aws/faults.ts';
import { scanLedger } from './aws/scan-ledger.ts';
import { type OutgoingMessage, sendMessages } from './aws/send-messages.ts';
import { type AwsStandIns, type InspectedMessage, type QueueDepth, startAwsStandIns } from './aws/stand-ins.ts';
import { type EventSource, type MappingOptions, startEventSource } from './lambda/event-source.ts';
import { createFunction, type LambdaFunction } from './lambda/function.ts';
import { sourceQueue } from './lambda/source-queue.ts';
import { type ApiSimulator, type SimulatorOptions, startApiSimulator } from './reset-api/simulator.ts';
import { createResources } from './stack/create-resources.ts';
import { type SynthesizedStack, synthesizeStack } from './stack/synthesized-stack.ts';
import { type LocalResources, readTemplate } from './stack/template.ts';

export interface LocalSystemOptions {
  /** A stack synthesized earlier, which several systems can share. */
  deployment?: SynthesizedStack;
  /** Configuration of the stack; overrides that of `cdk.json`. Ignored if a deployment is given. */
  context?: Record<string, unknown>;
  /** Folder for template and bundle; a temporary one by default. */
  outdir?: string;
  /** Environment variables of the function; override those of the template. */
  environment?: Partial<Record<string, string>>;
  /** What the mappings and the function have in the template, if a test needs something else. */
  mapping?: Partial<Pick<MappingOptions, 'batchSize' | 'windowSeconds' | 'maximumConcurrency'>>;
  functionTimeoutMs?: number;
  visibilityTimeoutSeconds?: number;
  /** The lanes that are delivered from the start; all by default. */
  lanes?: readonly Lane[];
  /** The secret's value; the simulator's token by default. `null` leaves the secret as a deployment creates it, without a value. */
  secretValue?: string | null;
  /** Options of the simulator. Its quota is the function's ceiling by default. */
  simulator?: SimulatorOptions;
  /** A reset API that runs elsewhere; the simulator is not used then. */
  apiBaseUrl?: string;
  /** Freeze idle sandboxes, as Lambda does; by default on if the machine can. */
  freeze?: boolean;
  /** Where to keep what the sandboxes print. */
  logFile?: string;
  /** Port of the stand-ins; a free one by default. */
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
  /** The token that the simulator accepts at first. */
  token: string;
  simulator: ApiSimulator;
  /** Holds what the sandboxes print, if it is kept. */
  logFile: string | undefined;
  function: LambdaFunction;
  faults: Faults;
  /** Operations of the stand-ins so far, by `service:Operation`. */
  operations(): Record<string, number>;
  putSecret(value: string): void;
  /** Sends to a lane as another system would. @returns the message ids in order. */
  send(lane: Lane, messages: readonly OutgoingMessage[]): Promise<string[]>;
  depth(lane: Lane): Promise<QueueDepth>;
  /** The dead letters, without receiving them. */
  deadLetters(): Promise<InspectedMessage[]>;
  /** All requests in the ledger. */
  ledgerItems(): Promise<RequestItem[]>;
  startLane(lane: Lane): void;
  /** Stops delivering; resolves when the last delivery has ended. */
  stopLane(lane: Lane): Promise<void>;
  /** Ends everything immediately: processes, servers, timers. */
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
      options.deployment ?? (await synthesizeStack({ apiBaseUrl, ...options.context }, options.outdir));
    standIns = await startAwsStandIns(options.port);
    return await assemble(options, deployment, { standIns, simulator, apiBaseUrl, token });
  } catch (error) {
    await Promise.all([simulator.stop(), standIns?.stop()]);
    throw error;
  }
}

async function assemble(
  options: LocalSystemOptions,
  deployment: SynthesizedStack,
  parts: { standIns: AwsStandIns; simulator: ApiSimulator; apiBaseUrl: string; token: string },
): Promise<LocalSystem> {
  const { standIns, simulator, apiBaseUrl, token } = parts;
  const { origin } = standIns;
  const resources = readTemplate(deployment.template, deployment.stackName, origin);
  setVisibility(resources, options.visibilityTimeoutSeconds);
  await createResources(standIns, resources);

  const environment = withOverrides(resources.function.environment, {
    [VARIABLES.apiBaseUrl]: apiBaseUrl,
    ...options.environment,
  });
  const secretArn = environment[VARIABLES.apiTokenSecretArn] ?? '';
  const putSecret = secretOf(standIns, resources, secretArn);
  if (options.secretValue !== null) putSecret(options.secretValue ?? token);
  if (options.simulator === undefined || !('quota' in options.simulator)) grantCeiling(simulator, environment);

  const worker = createFunction({
    ...resources.function,
    codeDirectory: deployment.assetDirectory(resources.function.logicalId),
    timeoutMs: options.functionTimeoutMs ?? resources.function.timeoutMs,
    environment,
    awsEndpoint: origin,
    freeze: options.freeze ?? process.platform !== 'win32',
    logFile: options.logFile,
  });
  const { outputs } = resources;
  const queueUrls = {
    interactive: outputs[OUTPUTS.interactiveQueueUrl] ?? '',
    bulk: outputs[OUTPUTS.bulkQueueUrl] ?? '',
  };
  const { startLane, stopLane } = eventSources(options, resources, queueUrls, origin, worker);
  const stop = async () => {
    // The pollers end once sandboxes and queues are gone, within the time of one poll.
    const sources = Promise.all(LANES.map((lane) => stopLane(lane)));
    await worker.stop();
    await standIns.stop();
    await Promise.all([sources, simulator.stop()]);
  };
  return {
    ...accessTo(standIns, queueUrls, outputs),
    stackName: deployment.stackName,
    outputs,
    secretArn,
    token,
    simulator,
    logFile: options.logFile,
    function: worker,
    putSecret,
    startLane,
    stopLane,
    stop,
  };
}

function setVisibility({ mappings }: LocalResources, seconds: number | undefined): void {
  if (seconds === undefined) return;
  for (const { queue } of mappings) queue.attributes.VisibilityTimeout = String(seconds);
}

/** @returns how to put a value into the secret. */
function secretOf({ secrets }: AwsStandIns, resources: LocalResources, secretArn: string): (value: string) => void {
  // The configuration may name an existing secret, which no template creates.
  if (!resources.secrets.some(({ arn }) => arn === secretArn)) secrets.create(secretArn, secretArn);
  return (value) => void secrets.handle('PutSecretValue', { SecretId: secretArn, SecretString: value });
}

/** Gives the simulator the quota that the function assumes. */
function grantCeiling(simulator: ApiSimulator, environment: Record<string, string>): void {
  const perMinute = Number(environment[VARIABLES.callsPerMinute]);
  const burst = Number(environment[VARIABLES.callBurst]);
  if (perMinute > 0) simulator.change({ quota: { perMinute, burst } });
}

/** One event source per lane, each with the limits of its own mapping in the template. */
function eventSources(
  { lanes = LANES, mapping: overrides }: LocalSystemOptions,
  { mappings }: LocalResources,
  queueUrls: Record<Lane, string>,
  origin: string,
  worker: LambdaFunction,
): Pick<LocalSystem, 'startLane' | 'stopLane'> {
  const running = new Map<Lane, EventSource>();
  const startLane = (lane: Lane) => {
    const mapping = mappings.find(({ queue }) => queue.url === queueUrls[lane]);
    if (mapping === undefined || !mapping.enabled || running.has(lane)) return;
    const source = startEventSource({ ...mapping, ...overrides }, sourceQueue(origin, queueUrls[lane]), worker.invoke);
    running.set(lane, source);
  };
  const stopLane = async (lane: Lane) => {
    const source = running.get(lane);
    running.delete(lane);
    await source?.stop();
  };
  for (const lane of lanes) startLane(lane);
  return { startLane, stopLane };
}

/** Everything through which others reach queues and ledger. */
function accessTo(standIns: AwsStandIns, queueUrls: Record<Lane, string>, outputs: Record<string, string>) {
  const { origin, faults, operations } = standIns;
  const deadLetterQueueUrl = outputs[OUTPUTS.deadLetterQueueUrl] ?? '';
  const ledgerTableName = outputs[OUTPUTS.ledgerTableName] ?? '';
  return {
    awsEndpoint: origin,
    clientOptions: { endpoint: origin, region: REGION, credentials: CREDENTIALS },
    queueUrls,
    deadLetterQueueUrl,
    ledgerTableName,
    faults,
    operations,
    send: (lane: Lane, messages: readonly OutgoingMessage[]) => sendMessages(origin, queueUrls[lane], messages),
    depth: (lane: Lane) => standIns.queueDepth(nameOf(queueUrls[lane])),
    deadLetters: async () => {
      const { ready, delayed, inflight } = await standIns.inspectQueue(nameOf(deadLetterQueueUrl));
      return [...ready, ...delayed, ...inflight.map(({ message }) => message)];
    },
    ledgerItems: () => scanLedger(origin, ledgerTableName),
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
