import type {
  CallBudget,
  CallHistory,
  HeldBy,
  Ruling,
  Shown,
  Ticket,
  Turn,
} from '../../functions/call-budget/call-budget.ts';
import type { Clock, EpochMs } from '../../functions/common/clock.ts';
import type { EventCode, EventFields, MetricName, Telemetry } from '../../functions/common/telemetry.ts';
import type { Lane } from '../../functions/contract/reset-request.ts';
import type {
  ApiAnswer,
  ApiTokens,
  DeadLetters,
  Letter,
  Message,
  ResetApi,
  SecretFault,
  TokenAnswer,
  Visibility,
} from '../../functions/reset-worker/core/ports.ts';

/** An answer of the API: a status, no answer, or a call that was not sent; with what belongs to it. */
export type Scripted =
  | number
  | 'no-answer'
  | 'not-sent'
  | { status: number; retryAfterMs?: number; detail?: string; tookMs?: number; isHtml?: boolean; redirectHost?: string }
  /** Called in its turn, for what should happen meanwhile. */
  | (() => Scripted | Promise<Scripted>);

export interface ScriptedApi extends ResetApi {
  calls: { at: EpochMs; email: string; token: string }[];
  /** What the next calls are answered. */
  answers(...script: Scripted[]): void;
}

/** Answers call by call; one call more than scripted throws. */
export function scriptedApi(clock: Clock, ...script: Scripted[]): ScriptedApi {
  const answerOf = async (scripted: Scripted): Promise<ApiAnswer> => {
    if (typeof scripted === 'function') return answerOf(await scripted());
    if (scripted === 'no-answer') return { kind: 'no-answer', why: 'timeout' };
    if (scripted === 'not-sent') return { kind: 'not-sent', why: 'ECONNREFUSED' };
    if (typeof scripted === 'number') return { kind: 'answered', status: scripted, detail: '' };
    const { tookMs, ...answer } = scripted;
    if (tookMs !== undefined) await clock.sleep(tookMs);
    return { kind: 'answered', detail: '', ...answer };
  };
  const api: ScriptedApi = {
    calls: [],
    answers(...more) {
      script.push(...more);
    },
    async reset(email, token) {
      api.calls.push({ at: clock.now(), email, token });
      const next = script.shift();
      if (next === undefined) throw new Error(`Call ${api.calls.length} of the API was not expected.`);
      return answerOf(next);
    },
  };
  return api;
}

export interface FakeTokens extends ApiTokens {
  answer: TokenAnswer;
  /** What a read after a 401 finds; without it, the same. */
  newer: TokenAnswer | undefined;
  /** What keeps that read from finding a token. */
  fault: SecretFault | undefined;
  /** How long that read takes. */
  readMs: number;
}

export function fakeTokens(clock: Clock): FakeTokens {
  const tokens: FakeTokens = {
    answer: { kind: 'token', token: 'token-of-v1', version: 'v1' },
    newer: undefined,
    fault: undefined,
    readMs: 0,
    current: async () => tokens.answer,
    atHand: async () => tokens.answer,
    async afterRejection(version) {
      if (tokens.readMs > 0) await clock.sleep(tokens.readMs);
      if (tokens.newer) tokens.answer = tokens.newer;
      if (tokens.answer.kind === 'token' && tokens.answer.version !== version) return { kind: 'newer' };
      return tokens.fault === undefined ? { kind: 'same' } : { kind: 'unusable', why: tokens.fault };
    },
  };
  return tokens;
}

export interface FakeBudget extends CallBudget {
  /** Turns that are not simply granted at once, in order. */
  turns: (Turn | { waitMs: number } | { probe: Ticket['probe'] & string } | (() => void))[];
  /** All that was asked and told, in order. */
  story: (Shown['kind'] | 'turn')[];
  reports: Shown[];
  /** The tickets of those reports. */
  reported: Ticket[];
  asked: { lane: Lane; key: string; latest: EpochMs; history: CallHistory }[];
  /** How long a report that the token is not accepted holds its request. */
  holdMs: number;
  /** Until when a rejected request is held by its lane's brake; without it, it is not. */
  brakedUntil: EpochMs | undefined;
  /** What a call that met trouble (503, 504, another 5xx, no answer) is ruled to be; without it, its own fault. */
  trouble: Ruling | undefined;
  /** What holds the lane that was last asked for; nobody knows until a turn is. */
  held: HeldBy;
}

export const NOT_HELD: HeldBy = { outage: false, credential: false, brake: false, operator: false };

const TROUBLES: readonly string[] = ['unavailable', 'unknown', 'server-error'];

export function fakeBudget(clock: Clock): FakeBudget {
  const budget: FakeBudget = {
    turns: [],
    story: [],
    reports: [],
    reported: [],
    asked: [],
    holdMs: 30_000,
    brakedUntil: undefined,
    trouble: undefined,
    held: NOT_HELD,
    heldBy: () => (budget.asked.length === 0 ? undefined : budget.held),
    async turn(lane, key, latest, history) {
      budget.asked.push({ lane, key, latest, history });
      budget.story.push('turn');
      const ticket: Ticket = { lane, key, permit: budget.asked.length, grantedAt: clock.now(), history };
      const next = budget.turns.shift();
      if (typeof next === 'function') next();
      else if (next && 'waitMs' in next) await clock.sleep(next.waitMs);
      else if (next && 'probe' in next) return { kind: 'granted', ticket: { ...ticket, probe: next.probe } };
      else if (next) return next;
      return { kind: 'granted', ticket: { ...ticket, grantedAt: clock.now() } };
    },
    async report(ticket, shown) {
      budget.reported.push(ticket);
      budget.reports.push(shown);
      budget.story.push(shown.kind);
      if (shown.kind === 'unauthorized' || shown.kind === 'no-token') {
        return { fault: 'ours', why: 'credential', until: clock.now() + budget.holdMs };
      }
      if (shown.kind === 'rejected' && budget.brakedUntil !== undefined) {
        return { fault: 'ours', why: 'brake', until: budget.brakedUntil };
      }
      return TROUBLES.includes(shown.kind) && budget.trouble ? budget.trouble : { fault: 'own' };
    },
  };
  return budget;
}

export interface FakeDeadLetters extends DeadLetters {
  sent: Letter[];
  /** How many of the next sends fail, and whether the letter went all the same. */
  failures: { times: number; when: 'before' | 'after'; error?: string };
}

export function fakeDeadLetters(): FakeDeadLetters {
  const letters: FakeDeadLetters = {
    sent: [],
    failures: { times: 0, when: 'before' },
    async send(letter) {
      const fails = letters.failures.times > 0;
      if (fails) letters.failures.times -= 1;
      if (!fails || letters.failures.when === 'after') letters.sent.push(structuredClone(letter));
      if (fails)
        throw Object.assign(new Error('jane.roe@example.com'), { name: letters.failures.error ?? 'TimeoutError' });
    },
  };
  return letters;
}

export interface FakeVisibility extends Visibility {
  hidden: { id: string; seconds: number }[];
  broken: boolean;
}

export function fakeVisibility(): FakeVisibility {
  const visibility: FakeVisibility = {
    hidden: [],
    broken: false,
    async hide(message: Message, seconds: number) {
      if (visibility.broken) throw Object.assign(new Error('jane.roe@example.com'), { name: 'ReceiptHandleIsInvalid' });
      visibility.hidden.push({ id: message.id, seconds });
    },
  };
  return visibility;
}

export interface TelemetryRecorder extends Telemetry {
  events: { code: EventCode; fields: EventFields }[];
  measured: { metric: MetricName; value: number }[];
  codes(): EventCode[];
  of(code: EventCode): EventFields;
}

export function telemetryRecorder(): TelemetryRecorder {
  const recorder: TelemetryRecorder = {
    events: [],
    measured: [],
    event(code, fields) {
      recorder.events.push({ code, fields: { ...fields } });
    },
    measure(metric, value) {
      recorder.measured.push({ metric, value });
    },
    codes: () => recorder.events.map(({ code }) => code),
    of(code) {
      const found = recorder.events.find((event) => event.code === code);
      if (!found) throw new Error(`${code} was not logged; logged were ${recorder.codes().join(', ') || 'none'}.`);
      return found.fields;
    },
  };
  return recorder;
}
