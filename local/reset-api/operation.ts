import type { IncomingMessage, ServerResponse } from 'node:http';
import { breakOff, drip, echoOf, hugeWordsOf, sendEmpty, sendJson, sendPage, sendProxyWords } from './answers.ts';
import type { createCallStatistics } from './call-statistics.ts';
import { actAt, type NthAct, personalityOf, type RetryAfter } from './personalities.ts';
import type { SimulatorSettings } from './settings.ts';

export const OPERATION = '/api/web/custom/password/admin_reset';
/** Where a redirect points. */
export const ELSEWHERE = '/elsewhere';
/** From the API's own reference, not from the contract: a slip there shows here. */
const EMAIL = /^[a-zA-Z0-9._%+-]+@[a-zA-Z0-9.-]+\.[a-zA-Z]{2,}$/;

export interface OperationParts {
  /** Looked at anew for every call. */
  settings: Readonly<SimulatorSettings>;
  statistics: ReturnType<typeof createCallStatistics>;
  /** @returns 0 where the quota allows a call, else the milliseconds until it does. */
  takeFromQuota(): number;
}

/** What a call comes to before anyone looks at the user. */
type Refusal = { status: number; retryAfter?: RetryAfter } | 'hang' | 'cut';

/** The reset operation: its checks, its quota, and the personality of each address. */
export function resetOperation(parts: OperationParts) {
  const { settings, statistics } = parts;
  return async (request: IncomingMessage, response: ServerResponse, body: string): Promise<void> => {
    statistics.call(Date.now());
    const email = emailIn(body);
    const refusal = refusalOf(parts, request, email);
    const delayMs = settings.latencyMs + Math.random() * settings.latencyJitterMs;
    if (delayMs > 0) await new Promise((resolve) => setTimeout(resolve, delayMs));
    if (refusal !== undefined) refuse(parts, refusal, response);
    else play(parts, email ?? '', request, response);
  };
}

function refusalOf(
  { settings, statistics, takeFromQuota }: OperationParts,
  { method, headers }: IncomingMessage,
  email: string | undefined,
): Refusal | undefined {
  if (method !== 'POST') return { status: 405 };
  if (!/^application\/json\b/.test(headers['content-type'] ?? '')) return { status: 415 };
  const [, token] = /^APIToken (.+)$/.exec(headers.authorization ?? '') ?? [];
  if (settings.expired || token === undefined || !settings.tokens.includes(token)) return { status: 401 };
  const waitMs = takeFromQuota();
  if (waitMs > 0) {
    statistics.count('overQuota');
    return { status: 429, ...retryAfterOf(settings.retryAfter, Math.ceil(waitMs / 1000)) };
  }
  statistics.count('quotaUsed');
  const { outage } = settings;
  if (typeof outage === 'number') return { status: outage };
  // A call that was under way when the port was closed is cut.
  if (outage) return outage === 'hang' ? 'hang' : 'cut';
  return email === undefined ? { status: 400 } : undefined;
}

function retryAfterOf(form: SimulatorSettings['retryAfter'], seconds: number): { retryAfter?: RetryAfter } {
  if (form === 'none') return {};
  return { retryAfter: form === 'nonsense' ? { form } : { form, seconds } };
}

function refuse({ statistics }: OperationParts, refusal: Refusal, response: ServerResponse): void {
  if (typeof refusal === 'object') {
    statistics.status(refusal.status);
    sendJson(response, refusal.status, refusal);
    return;
  }
  statistics.status('none');
  if (refusal === 'cut') response.socket?.destroy();
}

function play(parts: OperationParts, email: string, request: IncomingMessage, response: ServerResponse): void {
  const { statistics } = parts;
  const history = statistics.address(email);
  const act = actAt(personalityOf(email), history.calls);
  history.calls += 1;
  const isSilent = act.act === 'hang' || act.act === 'cut';
  if (act.resets) {
    history.resets += 1;
    if (isSilent || act.status >= 500) history.silentResets += 1;
  }
  statistics.status(isSilent ? 'none' : act.status);
  const { authorization = '' } = request.headers;
  SENDERS[act.act](response, act, { email, authorization, slowBodyMs: parts.settings.slowBodyMs });
}

type Sender = (
  response: ServerResponse,
  act: NthAct,
  call: { email: string; authorization: string; slowBodyMs: number },
) => void;

const SENDERS: Record<NthAct['act'], Sender> = {
  answer: (response, { status, retryAfter }) => sendJson(response, status, { retryAfter }),
  hang: () => {},
  cut: (response) => void response.socket?.destroy(),
  'cut-body': (response, { status }) => breakOff(response, status),
  empty: (response, { status }) => sendEmpty(response, status),
  redirect: (response, { status }) => void response.writeHead(status, { Location: ELSEWHERE }).end(),
  html: (response, { status }) => sendPage(response, status),
  unreached: (response, { status }) => sendProxyWords(response, status, 'before passing on'),
  lost: (response, { status }) => sendProxyWords(response, status, 'after passing on'),
  huge: (response, { status, retryAfter }) => sendJson(response, status, { retryAfter, message: hugeWordsOf(status) }),
  slow: (response, { status }, { slowBodyMs }) => void drip(response, status, slowBodyMs),
  echo: (response, { status, retryAfter }, { email, authorization }) =>
    sendJson(response, status, { retryAfter, message: echoOf(email, authorization) }),
};

function emailIn(body: string): string | undefined {
  try {
    const json: unknown = JSON.parse(body);
    if (typeof json !== 'object' || json === null || !('email' in json)) return undefined;
    const { email } = json;
    return typeof email === 'string' && email.length <= 1024 && EMAIL.test(email) ? email : undefined;
  } catch {
    return undefined;
  }
}
