import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import dynalite from 'dynalite';
import { buildApp } from 'fauxqs';
import { REGION } from './account.ts';
import { answer, answerText, createFaults, type Faults, inflict, type ServiceName } from './faults.ts';
import { endServer, listen, readBody } from './http.ts';
import { createSecretsManager, type SecretsManager, SecretsManagerError } from './secrets-manager.ts';

/** SQS, DynamoDB, Secrets Manager, and what the command line asks of STS and SNS, at one address. */
export interface AwsStandIns {
  /** For `AWS_ENDPOINT_URL`. */
  origin: string;
  faults: Faults;
  secrets: SecretsManager;
  /** Operations begun so far, by `service:Operation`. */
  operations(): Record<string, number>;
  /** Waiting messages (including delayed ones) and invisible messages. */
  queueDepth(name: string): Promise<QueueDepth>;
  /** All messages of a queue, without receiving them. */
  inspectQueue(name: string): Promise<InspectedQueue>;
  stop(): Promise<void>;
}

export interface QueueDepth {
  waiting: number;
  inFlight: number;
}

export interface InspectedMessage {
  messageId: string;
  body: string;
  messageAttributes: Record<string, { DataType: string; StringValue?: string }>;
  approximateReceiveCount: number;
}

interface InspectedQueue {
  ready: InspectedMessage[];
  delayed: InspectedMessage[];
  inflight: { message: InspectedMessage; visibilityDeadline: number }[];
}

/** A queue in fauxqs's own listing. */
interface ListedQueue {
  name: string;
  approximateMessageCount: number;
  approximateInflightCount: number;
  approximateDelayedCount: number;
}

const SERVICES: Record<string, ServiceName> = {
  AmazonSQS: 'sqs',
  DynamoDB_20120810: 'dynamodb',
  secretsmanager: 'secretsmanager',
};
/** They are asked with forms, and named in the signature alone. */
const FORM_SERVICES: readonly string[] = ['sts', 'sns'] satisfies ServiceName[];

/** Answers of fauxqs that contain queue URLs, with a host name that does not resolve. */
const ANSWERS_WITH_URLS = ['CreateQueue', 'GetQueueUrl', 'ListQueues', 'ListDeadLetterSourceQueues'];

type SqsApp = ReturnType<typeof buildApp>;
type Serve = (operation: string, request: IncomingMessage, response: ServerResponse) => Promise<void>;

/** Starts all three in one process: requests are handed on as they are, without a second connection. */
export async function startAwsStandIns(port = 0): Promise<AwsStandIns> {
  const sqs = buildApp({ logger: false, defaultRegion: REGION });
  await sqs.ready();
  const dynamodb = dynalite({ createTableMs: 0 });
  const secrets = createSecretsManager();
  const faults = createFaults();
  const counts: Record<string, number> = {};
  let origin = '';

  const services: Record<ServiceName, Serve> = {
    sqs: (...args) => serveSqs(sqs, origin, ...args),
    dynamodb: async (_operation, request, response) => {
      dynamodb.emit('request', request, response);
      // dynalite throws if a client goes away in the middle of a request, as a killed sandbox does.
      request.removeAllListeners('error').on('error', () => {});
    },
    secretsmanager: async (operation, request, response) =>
      answerSecrets(secrets, operation, await readBody(request), response),
    sts: (_operation, request, response) => serveForm(sqs, request, response),
    sns: (_operation, request, response) => serveForm(sqs, request, response),
  };

  const server = createServer((request, response) => {
    void dispatch(request, response).catch(() => request.socket.destroy());
  });
  // AWS keeps idle connections this long, so a frozen sandbox finds them dead sometimes, but not always.
  server.keepAliveTimeout = 20_000;

  async function dispatch(request: IncomingMessage, response: ServerResponse) {
    const [prefix = '', operation = ''] = String(request.headers['x-amz-target'] ?? '').split('.');
    const service = SERVICES[prefix];
    if (service !== undefined) return serve(service, operation, request, response);
    const signedFor = /\/(\w+)\/aws4_request/.exec(request.headers.authorization ?? '')?.[1] ?? '';
    if (isFormService(signedFor)) {
      const body = await readBody(request);
      return serve(signedFor, new URLSearchParams(body).get('Action') ?? '', request, response, body);
    }
    request.resume();
    answer(response, 400, 'application/x-amz-json-1.0', {
      __type: 'UnknownOperationException',
      message:
        'The stand-ins answer for SQS, DynamoDB and Secrets Manager, in their JSON protocols, and a little of STS and SNS.',
    });
  }

  async function serve(
    service: ServiceName,
    operation: string,
    request: IncomingMessage,
    response: ServerResponse,
    read?: string,
  ): Promise<void> {
    const name = `${service}:${operation}`;
    counts[name] = (counts[name] ?? 0) + 1;
    const body = read ?? (faults.needBody(name) ? await readBody(request) : undefined);
    const fault = faults.next(name, () => body ?? '');
    const replayed = body === undefined ? request : replay(request, body);
    const perform = () => services[service](operation, replayed, response);
    if (fault === undefined) await perform();
    else inflict(fault, service, request, response, () => void perform().catch(() => request.socket.destroy()));
  }

  origin = await listen(server, port);
  return {
    origin,
    faults,
    secrets,
    operations: () => ({ ...counts }),
    queueDepth: (name) => queueDepth(sqs, name),
    inspectQueue: async (name) => {
      const inspected = await sqs.inject({ method: 'GET', url: `/_fauxqs/queues/${name}` });
      return (JSON.parse(inspected.body) as { messages: InspectedQueue }).messages;
    },
    stop: async () => {
      // Answers waiting long polls with nothing before their connections are closed.
      await sqs.close();
      await endServer(server);
    },
  };
}

async function serveSqs(
  sqs: SqsApp,
  origin: string,
  operation: string,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  if (!ANSWERS_WITH_URLS.includes(operation) && 'socket' in request) {
    sqs.server.emit('request', request, response);
    return;
  }
  const injected = await sqs.inject({
    method: 'POST',
    url: '/',
    headers: request.headers as Record<string, string>,
    body: await readBody(request),
  });
  const text = injected.body.replaceAll(/http:\/\/sqs\.[^/"]+/g, origin);
  for (const header of ['content-type', 'x-amzn-query-error']) {
    const value = injected.headers[header];
    if (value !== undefined) response.setHeader(header, value);
  }
  response.writeHead(injected.statusCode, { 'Content-Length': Buffer.byteLength(text) }).end(text);
}

const isFormService = (name: string): name is 'sts' | 'sns' => FORM_SERVICES.includes(name);

async function serveForm(sqs: SqsApp, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { statusCode, body } = await sqs.inject({
    method: 'POST',
    url: '/',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: await readBody(request),
  });
  answerText(response, statusCode, 'text/xml', body);
}

function answerSecrets(secrets: SecretsManager, operation: string, body: string, response: ServerResponse): void {
  const contentType = 'application/x-amz-json-1.1';
  try {
    answer(response, 200, contentType, secrets.handle(operation, JSON.parse(body)));
  } catch (error) {
    const code = error instanceof SecretsManagerError ? error.code : 'SerializationException';
    answer(response, 400, contentType, { __type: code, Message: error instanceof Error ? error.message : '' });
  }
}

async function queueDepth(sqs: SqsApp, name: string): Promise<QueueDepth> {
  const listed = await sqs.inject({ method: 'GET', url: '/_fauxqs/queues' });
  const queue = (JSON.parse(listed.body) as ListedQueue[]).find((each) => each.name === name);
  return {
    waiting: (queue?.approximateMessageCount ?? 0) + (queue?.approximateDelayedCount ?? 0),
    inFlight: queue?.approximateInflightCount ?? 0,
  };
}

/** The same request again after its body has been read. */
function replay(request: IncomingMessage, body: string): IncomingMessage {
  const { headers, method, url } = request;
  return Object.assign(Readable.from([Buffer.from(body)]), { headers, method, url }) as unknown as IncomingMessage;
}
