import type { IncomingMessage, ServerResponse } from 'node:http';

/** The services at the one address. */
export type ServiceName = 'sqs' | 'dynamodb' | 'secretsmanager' | 'sts' | 'sns';

/** What goes wrong with an operation. */
export type FaultKind =
  /** Not done, answered with the service's own internal error (500). */
  | 'fail'
  /** Not done, answered as throttled. */
  | 'throttle'
  /** Not done, answered as by IAM where a permission is missing. */
  | 'deny'
  /** Not done, and the connection is cut. */
  | 'cut'
  /** Not done, never answered. */
  | 'hang'
  /** Done, but later. */
  | 'slow'
  /** Done, but answered with an internal error. */
  | 'done-but-fail'
  /** Done, but the connection is cut before the answer. */
  | 'done-but-cut';

export interface FaultRule {
  /** `service:Operation`, such as `dynamodb:UpdateItem`; `service:*` matches all operations of a service. */
  operation: `${ServiceName}:${string}`;
  kind: FaultKind;
  /** How many operations it hits: 1 by default; `Infinity` means until it is cleared. */
  times?: number;
  /** How many matching operations pass first. */
  after?: number;
  /** Only operations whose body contains this text. */
  bodyIncludes?: string;
  /** For `slow`. */
  delayMs?: number;
  /**
   * The answer instead of the operation, for what no kind covers, such as a batch with a `Failed` list. A text is sent as it is, such as the
   * XML of STS and SNS, all else as JSON. Takes precedence over `kind`.
   */
  answer?: { status: number; body: unknown };
}

/** Planned faults. Tests add rules; the stand-ins ask before each operation. */
export interface Faults {
  add(rule: FaultRule): void;
  clear(): void;
  /** The rule that hits this operation, if any. The hit is counted. */
  next(operation: string, body: () => string): FaultRule | undefined;
  /** Whether the body must be read to know if a rule hits. */
  needBody(operation: string): boolean;
}

interface PendingRule extends FaultRule {
  leftTimes: number;
  leftPasses: number;
}

export function createFaults(): Faults {
  let rules: PendingRule[] = [];
  const matches = (rule: FaultRule, operation: string) =>
    rule.operation === operation ||
    (rule.operation.endsWith(':*') && operation.startsWith(rule.operation.slice(0, -1)));
  return {
    add: (rule) => void rules.push({ ...rule, leftTimes: rule.times ?? 1, leftPasses: rule.after ?? 0 }),
    clear: () => {
      rules = [];
    },
    needBody: (operation) => rules.some((rule) => rule.bodyIncludes !== undefined && matches(rule, operation)),
    next: (operation, body) => {
      for (const rule of rules) {
        if (!matches(rule, operation)) continue;
        if (rule.bodyIncludes !== undefined && !body().includes(rule.bodyIncludes)) continue;
        if (rule.leftPasses > 0) {
          rule.leftPasses -= 1;
          continue;
        }
        rule.leftTimes -= 1;
        if (rule.leftTimes <= 0) rules = rules.filter((other) => other !== rule);
        return rule;
      }
      return undefined;
    },
  };
}

type ErrorKind = 'internal' | 'throttled' | 'denied';
interface ErrorForm extends Record<ErrorKind, string> {
  prefix: string;
  contentType: string;
}
const XML_ERRORS: ErrorForm = {
  prefix: '',
  internal: 'InternalFailure',
  throttled: 'Throttling',
  denied: 'AccessDenied',
  contentType: 'text/xml',
};
const ERRORS: Record<ServiceName, ErrorForm> = {
  sts: XML_ERRORS,
  sns: { ...XML_ERRORS, denied: 'AuthorizationError' },
  sqs: {
    prefix: 'com.amazonaws.sqs#',
    internal: 'InternalError',
    throttled: 'RequestThrottled',
    denied: 'AccessDenied',
    contentType: 'application/x-amz-json-1.0',
  },
  dynamodb: {
    prefix: 'com.amazonaws.dynamodb.v20120810#',
    internal: 'InternalServerError',
    throttled: 'ProvisionedThroughputExceededException',
    denied: 'AccessDeniedException',
    contentType: 'application/x-amz-json-1.0',
  },
  secretsmanager: {
    prefix: '',
    internal: 'InternalServiceError',
    throttled: 'ThrottlingException',
    denied: 'AccessDeniedException',
    contentType: 'application/x-amz-json-1.1',
  },
};
const STATUSES: Record<ErrorKind, number> = { internal: 500, throttled: 400, denied: 403 };

/**
 * Makes a fault happen to one operation.
 * @param perform does the operation and answers it.
 */
export function inflict(
  rule: FaultRule,
  service: ServiceName,
  request: IncomingMessage,
  response: ServerResponse,
  perform: () => void,
): void {
  if (rule.answer !== undefined) {
    request.resume();
    const { status, body } = rule.answer;
    if (typeof body === 'string') answerText(response, status, ERRORS[service].contentType, body);
    else answer(response, status, ERRORS[service].contentType, body);
    return;
  }
  switch (rule.kind) {
    case 'fail':
      request.resume();
      answerError(response, service, 'internal');
      return;
    case 'throttle':
      request.resume();
      answerError(response, service, 'throttled');
      return;
    case 'deny':
      request.resume();
      answerError(response, service, 'denied');
      return;
    case 'cut':
      request.socket.destroy();
      return;
    case 'hang':
      request.resume();
      return;
    case 'slow':
      setTimeout(perform, rule.delayMs ?? 1000);
      return;
    case 'done-but-fail':
      insteadOfAnswer(response, () => answerError(response, service, 'internal'));
      perform();
      return;
    case 'done-but-cut':
      insteadOfAnswer(response, () => request.socket.destroy());
      perform();
      return;
  }
}

function answerError(response: ServerResponse, service: ServiceName, kind: ErrorKind): void {
  const { prefix, contentType, [kind]: code } = ERRORS[service];
  const status = STATUSES[kind];
  const message = kind === 'denied' ? 'User: local is not authorized to perform this.' : 'A planned fault.';
  if (contentType === XML_ERRORS.contentType) {
    const error = `<Error><Code>${code}</Code><Message>${message}</Message></Error>`;
    answerText(response, status, contentType, `<ErrorResponse>${error}</ErrorResponse>`);
    return;
  }
  if (service === 'sqs') response.setHeader('x-amzn-query-error', `${code};${status === 500 ? 'Receiver' : 'Sender'}`);
  answer(response, status, contentType, { __type: `${prefix}${code}`, message });
}

export function answer(response: ServerResponse, status: number, contentType: string, body: unknown): void {
  answerText(response, status, contentType, JSON.stringify(body));
}

export function answerText(response: ServerResponse, status: number, contentType: string, text: string): void {
  response.writeHead(status, { 'Content-Type': contentType, 'Content-Length': Buffer.byteLength(text) }).end(text);
}

/** Lets a service do its work but discards its answer. */
function insteadOfAnswer(response: ServerResponse, then: () => void): void {
  const real = { end: response.end, write: response.write, writeHead: response.writeHead };
  const swallow = () => response;
  Object.assign(response, {
    write: () => true,
    writeHead: swallow,
    end: () => {
      Object.assign(response, real);
      for (const name of response.getHeaderNames()) response.removeHeader(name);
      then();
      return response;
    },
  });
}
