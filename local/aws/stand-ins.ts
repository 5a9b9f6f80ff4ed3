import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import dynalite from 'dynalite';
import { buildApp } from 'fauxqs';
import { REGION } from './account.ts';
import { answer, createFaults, type Faults, inflict, type ServiceName } from './faults.ts';
import { endServer, listen, readBody } from './http.ts';
import { createSecretsManager, type SecretsManager, SecretsManagerError } from './secrets-manager.ts';

/** SQS, DynamoDB and Secrets Manager behind one address. */
export interface AwsStandIns {
  /** For `AWS_ENDPOINT_URL`. */
  origin: string;
  faults: Faults;
  secrets: SecretsManager;
  /** Operations begun, by `service:Operation`. */
  operations(): Record<string, number>;
  /** Messages that wait (delayed ones included) and messages that are invisible. */
  queueDepth(name: string): Promise<QueueDepth>;
  /** All messages of a queue, without receiving any. */
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

/** As fauxqs counts. */
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

/** Answers of fauxqs that hold queue URLs; it names a host in them that does not resolve. */
const ANSWERS_WITH_URLS = ['CreateQueue', 'GetQueueUrl', 'ListQueues', 'ListDeadLetterSourceQueues'];

/** Starts the three in one process: a request is handed on as it is, without a second connection. */
export async function startAwsStandIns(port = 0): Promise<AwsStandIns> {
  const sqs = buildApp({ logger: false, defaultRegion: REGION });
  await sqs.ready();
  const dynamodb = dynalite({ createTableMs: 0 });
  const secrets = createSecretsManager();
  const faults = createFaults();
  const counts: Record<string, number> = {};
  let origin = '';

  const server = createServer((request, response) => {
    const [prefix = '', operation = ''] = String(request.headers['x-amz-target'] ?? '').split('.');
    const service = SERVICES[prefix];
    if (service === undefined) {
      request.resume();
      answer(response, 400, 'application/x-amz-json-1.0', {
        __type: 'UnknownOperationException',
        message: 'The stand-ins answer for SQS, DynamoDB and Secrets Manager alone, in their JSON protocols.',
      });
      return;
    }
    const name = `${service}:${operation}`;
    counts[name] = (counts[name] ?? 0) + 1;
    void serve(service, operation, request, response).catch(() => request.socket.destroy());
  });
  // As long as AWS keeps idle connections, so that a frozen sandbox finds them dead now and then, but not always.
  server.keepAliveTimeout = 20_000;

  async function serve(service: ServiceName, operation: string, request: IncomingMessage, response: ServerResponse) {
    const name = `${service}:${operation}`;
    const body = faults.needBody(name) ? await readBody(request) : undefined;
    const fault = faults.next(name, () => body ?? '');
    const replayed = body === undefined ? request : replay(request, body);
    const perform = () => void dispatch(service, operation, replayed, response).catch(() => request.socket.destroy());
    if (fault === undefined) await dispatch(service, operation, replayed, response);
    else inflict(fault, service, request, response, perform);
  }

  async function dispatch(service: ServiceName, operation: string, request: IncomingMessage, response: ServerResponse) {
    switch (service) {
      case 'sqs':
        if (ANSWERS_WITH_URLS.includes(operation) || !('socket' in request)) await injectSqs(request, response);
        else sqs.server.emit('request', request, response);
        return;
      case 'dynamodb':
        dynamodb.emit('request', request, response);
        // dynalite throws when a client goes away in the middle of a request, and a killed sandbox does.
        request.removeAllListeners('error').on('error', () => {});
        return;
      case 'secretsmanager':
        answerSecrets(operation, await readBody(request), response);
        return;
    }
  }

  async function injectSqs(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await readBody(request);
    const injected = await sqs.inject({
      method: 'POST',
      url: '/',
      headers: request.headers as Record<string, string>,
      body,
    });
    const text = injected.body.replaceAll(/http:\/\/sqs\.[^/"]+/g, origin);
    for (const header of ['content-type', 'x-amzn-query-error']) {
      const value = injected.headers[header];
      if (value !== undefined) response.setHeader(header, value);
    }
    response.writeHead(injected.statusCode, { 'Content-Length': Buffer.byteLength(text) }).end(text);
  }

  function answerSecrets(operation: string, body: string, response: ServerResponse): void {
    const contentType = 'application/x-amz-json-1.1';
    try {
      answer(response, 200, contentType, secrets.handle(operation, JSON.parse(body)));
    } catch (error) {
      const code = error instanceof SecretsManagerError ? error.code : 'SerializationException';
      answer(response, 400, contentType, { __type: code, Message: error instanceof Error ? error.message : '' });
    }
  }

  origin = await listen(server, port);
  return {
    origin,
    faults,
    secrets,
    operations: () => ({ ...counts }),
    queueDepth: async (name) => {
      const listed = await sqs.inject({ method: 'GET', url: '/_fauxqs/queues' });
      const queue = (JSON.parse(listed.body) as ListedQueue[]).find((each) => each.name === name);
      return {
        waiting: (queue?.approximateMessageCount ?? 0) + (queue?.approximateDelayedCount ?? 0),
        inFlight: queue?.approximateInflightCount ?? 0,
      };
    },
    inspectQueue: async (name) => {
      const inspected = await sqs.inject({ method: 'GET', url: `/_fauxqs/queues/${name}` });
      return (JSON.parse(inspected.body) as { messages: InspectedQueue }).messages;
    },
    stop: async () => {
      // Ends waiting long polls with an empty answer before the connections go.
      await sqs.close();
      await endServer(server);
    },
  };
}

/** The same request once more, its body read already. */
function replay(request: IncomingMessage, body: string): IncomingMessage {
  const { headers, method, url } = request;
  return Object.assign(Readable.from([Buffer.from(body)]), { headers, method, url }) as unknown as IncomingMessage;
}
