import { randomBytes } from 'node:crypto';
import type { MappingOptions } from '../lambda/event-source.ts';
import { type References, resolve, TemplateError } from './intrinsics.ts';
import { type CloudFormationTemplate, referencesOf } from './references.ts';

interface QueueResource {
  logicalId: string;
  name: string;
  url: string;
  arn: string;
  /** As `CreateQueue` takes them. */
  attributes: Record<string, string>;
}

interface TableResource {
  name: string;
  /** The input of `CreateTable`. */
  input: Record<string, unknown>;
}

interface SecretResource {
  name: string;
  arn: string;
  /** Undefined if the deployment creates a secret without a value. */
  initialValue?: string;
}

interface FunctionResource {
  logicalId: string;
  name: string;
  arn: string;
  handler: string;
  memoryMb: number;
  timeoutMs: number;
  environment: Record<string, string>;
}

interface MappingResource extends MappingOptions {
  queue: QueueResource;
  enabled: boolean;
}

/** The resources of a stack that run locally. */
export interface LocalResources {
  queues: QueueResource[];
  tables: TableResource[];
  secrets: SecretResource[];
  function: FunctionResource;
  mappings: MappingResource[];
  /** By the keys of the template's outputs. */
  outputs: Record<string, string>;
}

type Properties = Record<string, unknown>;

/**
 * Reads the resources that run locally from a synthesized template, with its references resolved to the stand-ins.
 * @param origin of the stand-ins, for queue URLs.
 * @throws {TemplateError} if the template needs something that the local run does not understand.
 */
export function readTemplate(template: CloudFormationTemplate, stackName: string, origin: string): LocalResources {
  const resources = Object.entries(template.Resources);
  const references = referencesOf(template, stackName, origin);
  const all = <Resource>(type: string, read: (id: string, properties: Properties, place: string) => Resource) =>
    resources
      .filter(([, { Type }]) => Type === type)
      .map(([id, { Properties: properties = {} }]) => {
        const place = `Resource ${id}`;
        return read(id, asObject(resolve(withoutCode(properties), references, place), place), place);
      });

  const queues = all('AWS::SQS::Queue', (id, properties, place) => queueOf(id, properties, place, references));
  const tables = [
    ...all('AWS::DynamoDB::Table', tableOf(references)),
    ...all('AWS::DynamoDB::GlobalTable', tableOf(references)),
  ];
  const secrets = all('AWS::SecretsManager::Secret', (id, properties) => secretOf(id, properties, references));
  const functions = all('AWS::Lambda::Function', (id, properties, place) =>
    functionOf(id, properties, place, references),
  );
  const mappings = all('AWS::Lambda::EventSourceMapping', (_id, properties, place) => ({
    mapping: mappingOf(properties, place, queues),
    functionName: String(properties.FunctionName),
  }));
  const worker = functions.find((each) => mappings.some(({ functionName }) => namesFunction(functionName, each)));
  if (worker === undefined) throw new TemplateError('The template has no function with an event source mapping.');
  const stranger = mappings.find(({ functionName }) => !namesFunction(functionName, worker));
  if (stranger !== undefined) throw new TemplateError('The template maps queues to more than one function.');
  return {
    queues,
    tables,
    secrets,
    function: worker,
    mappings: mappings.map(({ mapping }) => mapping),
    outputs: outputsOf(template, references),
  };
}

const namesFunction = (name: string, { name: own, arn: ownArn }: { name: string; arn: string }): boolean =>
  name === own || name === ownArn || name.startsWith(`${ownArn}:`);

/** The code's bucket and key mean nothing here, and may use intrinsic functions that nothing else needs. */
const withoutCode = ({ Code: _code, ...rest }: Properties): Properties => rest;

const QUEUE_ATTRIBUTES = [
  'VisibilityTimeout',
  'MessageRetentionPeriod',
  'DelaySeconds',
  'ReceiveMessageWaitTimeSeconds',
  'MaximumMessageSize',
  'RedrivePolicy',
  'RedriveAllowPolicy',
];
/** Meaningless on one machine. */
const QUEUE_IGNORED = ['QueueName', 'SqsManagedSseEnabled', 'KmsMasterKeyId', 'KmsDataKeyReusePeriodSeconds', 'Tags'];

function queueOf(logicalId: string, properties: Properties, place: string, references: References): QueueResource {
  refuseUnknown(properties, [...QUEUE_ATTRIBUTES, ...QUEUE_IGNORED], place);
  const attributes = QUEUE_ATTRIBUTES.filter((name) => properties[name] !== undefined).map((name) => {
    const value = properties[name];
    return [name, typeof value === 'object' ? JSON.stringify(value) : String(value)];
  });
  return {
    logicalId,
    name: String(references.attribute(logicalId, 'QueueName')),
    url: String(references.ref(logicalId)),
    arn: String(references.attribute(logicalId, 'Arn')),
    attributes: Object.fromEntries(attributes),
  };
}

/** Throughput, encryption, backups and time to live are dropped: the stand-in has none of them. */
function tableOf(references: References) {
  return (id: string, properties: Properties, place: string): TableResource => {
    const name = String(references.ref(id));
    const indexes = (kind: string) =>
      (asList(properties[kind] ?? [], `${place}.${kind}`) as Properties[]).map(
        ({ IndexName, KeySchema, Projection }) => ({
          IndexName,
          KeySchema,
          Projection,
        }),
      );
    const global = indexes('GlobalSecondaryIndexes');
    const local = indexes('LocalSecondaryIndexes');
    return {
      name,
      input: {
        TableName: name,
        KeySchema: asList(properties.KeySchema, `${place}.KeySchema`),
        AttributeDefinitions: asList(properties.AttributeDefinitions, `${place}.AttributeDefinitions`),
        BillingMode: 'PAY_PER_REQUEST',
        ...(global.length > 0 ? { GlobalSecondaryIndexes: global } : {}),
        ...(local.length > 0 ? { LocalSecondaryIndexes: local } : {}),
      },
    };
  };
}

function secretOf(id: string, properties: Properties, references: References): SecretResource {
  const own = String(references.ref(id));
  const value =
    properties.SecretString ?? (properties.GenerateSecretString ? randomBytes(24).toString('base64url') : undefined);
  return {
    name: own.replace(/^.*:secret:/, '').replace(/-[^-]*$/, ''),
    arn: own,
    ...(value === undefined ? {} : { initialValue: String(value) }),
  };
}

function functionOf(
  logicalId: string,
  properties: Properties,
  place: string,
  references: References,
): FunctionResource {
  const { Runtime, Handler, MemorySize = 128, Timeout = 3, Environment, Layers } = properties;
  if (!/^nodejs\d+\.x$/.test(String(Runtime)))
    throw new TemplateError(`${place}: the local run does not support the runtime ${String(Runtime)}.`);
  if (Layers !== undefined) throw new TemplateError(`${place}: the local run does not support layers.`);
  const variables = asObject(asObject(Environment ?? {}, place).Variables ?? {}, place);
  const lambdaSets = Object.entries(loggingVariables(properties.LoggingConfig));
  return {
    logicalId,
    name: String(references.ref(logicalId)),
    arn: String(references.attribute(logicalId, 'Arn')),
    handler: String(Handler),
    memoryMb: Number(MemorySize),
    timeoutMs: Number(Timeout) * 1000,
    environment: Object.fromEntries(
      [...Object.entries(variables), ...lambdaSets].map(([key, value]) => [key, String(value)]),
    ),
  };
}

/** Lambda passes a function's log format to the runtime in environment variables. */
function loggingVariables(loggingConfig: unknown): Record<string, string> {
  const { LogFormat, ApplicationLogLevel } = asObject(loggingConfig ?? {}, 'LoggingConfig');
  return {
    ...(LogFormat === undefined ? {} : { AWS_LAMBDA_LOG_FORMAT: String(LogFormat) }),
    ...(ApplicationLogLevel === undefined ? {} : { AWS_LAMBDA_LOG_LEVEL: String(ApplicationLogLevel) }),
  };
}

const MAPPING_PROPERTIES = [
  'EventSourceArn',
  'FunctionName',
  'BatchSize',
  'MaximumBatchingWindowInSeconds',
  'ScalingConfig',
  'FunctionResponseTypes',
  'Enabled',
  'MetricsConfig',
  'Tags',
];
/** AWS's defaults. */
const DEFAULT_BATCH_SIZE = 10;
/** How many pollers Lambda starts with; without a maximum it would scale further. */
const DEFAULT_CONCURRENCY = 5;

function mappingOf(properties: Properties, place: string, queues: readonly QueueResource[]): MappingResource {
  refuseUnknown(properties, MAPPING_PROPERTIES, place);
  const queue = queues.find((each) => each.arn === properties.EventSourceArn);
  if (queue === undefined) throw new TemplateError(`${place}: its event source is not a queue of the template.`);
  const types = asList(properties.FunctionResponseTypes ?? [], `${place}.FunctionResponseTypes`);
  return {
    queue,
    enabled: properties.Enabled !== false,
    queueArn: queue.arn,
    batchSize: Number(properties.BatchSize ?? DEFAULT_BATCH_SIZE),
    windowSeconds: Number(properties.MaximumBatchingWindowInSeconds ?? 0),
    maximumConcurrency: Number(
      asObject(properties.ScalingConfig ?? {}, place).MaximumConcurrency ?? DEFAULT_CONCURRENCY,
    ),
    reportBatchItemFailures: types.includes('ReportBatchItemFailures'),
  };
}

/** Outputs of resources without a stand-in, such as a dashboard, are left out. */
function outputsOf(template: CloudFormationTemplate, references: References): Record<string, string> {
  const outputs: Record<string, string> = {};
  for (const [key, { Value }] of Object.entries(template.Outputs ?? {})) {
    try {
      outputs[key] = String(resolve(Value, references, `Output ${key}`));
    } catch (error) {
      if (!(error instanceof TemplateError)) throw error;
    }
  }
  return outputs;
}

function refuseUnknown(properties: Properties, known: readonly string[], place: string): void {
  const unknown = Object.keys(properties).find((name) => !known.includes(name));
  if (unknown !== undefined) throw new TemplateError(`${place}: the local run does not understand ${unknown}.`);
}

function asObject(value: unknown, place: string): Properties {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Properties;
  throw new TemplateError(`${place} is not an object.`);
}

function asList(value: unknown, place: string): unknown[] {
  if (Array.isArray(value)) return value;
  throw new TemplateError(`${place} is not a list.`);
}
