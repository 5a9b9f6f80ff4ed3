import type { CallReport, Ticket } from '../../call-budget/call-budget.ts';
import type { EpochMs } from '../../common/clock.ts';
import { type EventCode, type EventFields, METRICS } from '../../common/telemetry.ts';
import { withinTime } from '../../common/within-time.ts';
import { type FailureReason, MAX_DETAIL_LENGTH } from '../../contract/dead-letter.ts';
import { parseRequestId, parseResetRequest, type ResetRequest } from '../../contract/reset-request.ts';
import type { RequestItem } from '../../ledger/items.ts';
import { leaseMs } from '../../ledger/lease.ts';
import { type Failure, type Fence, LedgerUnreachable, type NewRequest, type Spent } from '../../ledger/ledger.ts';
import { addressBits, isRedriveOf, type Standing, standingOf } from '../../ledger/standing.ts';
import { type Verdict, verdictOf } from './answers.ts';
import { detailWithCut, letterOf } from './letter.ts';
import type { Outcome } from './outcome.ts';
import type { Message, Ports } from './ports.ts';
import { cleanAuditText } from './redact.ts';
import { MAX_FAILED_CALLS, MAX_UNKNOWNS, nextTry } from './retry-policy.ts';

/** Two days before the queue's own retention of 14 days would drop the message without a trace. */
const MAX_QUEUED_MS = 12 * 24 * 60 * 60 * 1000;
/** A claim lost more often than this to other copies is left to them. */
const MAX_LOST_CLAIMS = 3;
/** Between two tries to write down what a call came to. */
const REWRITE_PAUSE_MS = 250;

export interface Times {
  /** No call starts later: a call's time-out and 10 s more are left then. */
  latestStart: EpochMs;
  /** All work on the message ends by then. */
  deadline: EpochMs;
}

/** One message's work: what stays the same through all its tries. */
interface Work {
  ports: Ports;
  message: Message;
  times: Times;
  /** Grows as the story goes on; goes into its last log line. */
  story: EventFields;
}
type Retryable = Extract<Verdict, { kind: 'throttled' | 'unavailable' | 'unknown' }>;
type Callable = Extract<Standing, { kind: 'callable' }>;
/** A call's end: the message's too, or another try now, with the item as it was written. */
type Step = { kind: 'ended'; outcome: Outcome } | { kind: 'again'; item: RequestItem };
/** The lease of one call, and the turn that allowed it. */
interface Claim {
  nonce: string;
  item: RequestItem;
  ticket: Ticket;
}
const ended = (outcome: Outcome): Step => ({ kind: 'ended', outcome });

const EVENT_OF: Record<Outcome['kind'], EventCode> = {
  reset: 'RESET_MADE',
  'dead-lettered': 'DEAD_LETTERED',
  cancelled: 'CANCELLED',
  duplicate: 'DUPLICATE',
  deferred: 'DEFERRED',
  'given-back': 'GIVEN_BACK',
};

/** One message's story, from its body to its end here. Throws defects alone. */
export async function processMessage(ports: Ports, message: Message, times: Times): Promise<Outcome> {
  const story: EventFields = { lane: message.lane, messageId: message.id, receiveCount: message.receiveCount };
  const outcome = await begin({ ports, message, times, story });
  if (outcome.kind === 'deferred')
    Object.assign(story, { why: outcome.cause, delayMs: outcome.until - ports.clock.now() });
  if (outcome.kind === 'given-back')
    Object.assign(story, { why: outcome.why, delayMs: outcome.until - ports.clock.now() });
  if (outcome.kind === 'dead-lettered') story.reason = outcome.reason;
  ports.telemetry.event(EVENT_OF[outcome.kind], story);
  return outcome;
}

async function begin(work: Work): Promise<Outcome> {
  try {
    const parsed = parseResetRequest(work.message.body);
    if (!parsed.ok) return await refuse(work, parsed.problem);
    const { requestId } = parsed.request;
    if (requestId !== undefined) return await pursue(work, parsed.request, requestId);
    const carriedId = parseRequestId(work.message.carried.requestId);
    if (!carriedId.ok) return await refuse(work, `the message attribute RequestId ${carriedId.problem}`);
    return await pursue(work, parsed.request, carriedId.requestId ?? work.message.id);
  } catch (error) {
    if (!(error instanceof LedgerUnreachable)) throw error;
    work.ports.telemetry.event('LEDGER_UNREACHABLE', { ...work.story, why: error.why });
    return { kind: 'deferred', cause: 'ledger-unreachable', until: work.ports.clock.now(), attempted: false };
  }
}

/** Looks up, waits for its turn, claims and calls, until the message's work here has ended. */
async function pursue(work: Work, body: ResetRequest, key: string): Promise<Outcome> {
  const { ports, message, times } = work;
  const request = requestOf(message, body, key);
  work.story.requestId = key;
  if (request.campaignId !== undefined) work.story.campaignId = request.campaignId;

  let item = await ports.ledger.find(key);
  for (let lostClaims = 0; lostClaims < MAX_LOST_CLAIMS; ) {
    const standing = standingOf(item, identityOf(message, request), ports.clock.now());
    if (standing.kind === 'other-address') {
      return refuse(work, 'the request id was used before, for another address', request.campaignId);
    }
    if (standing.kind !== 'callable') return settle(work, key, standing);

    const pointless = await endUncalled(work, request, body, item, standing);
    if (pointless) return pointless;
    const turn = await ports.budget.turn(message.lane, key, times.latestStart);
    if (turn.kind === 'none') return { kind: 'given-back', until: turn.retryAt, why: turn.why };
    const { ticket } = turn;

    // From here on every way out reports the turn, so that a probe is not waited for in vain.
    let used = false;
    try {
      // The wait may have been long.
      const pointlessByNow = await endUncalled(work, request, body, item, standing);
      if (pointlessByNow) return pointlessByNow;
      const token = await ports.tokens.current();
      if (token.kind === 'none') {
        ports.telemetry.event('TOKEN_UNUSABLE', { ...work.story, why: token.why });
        used = true;
        const { heldUntil = ports.clock.now() } = await ports.budget.report(ticket, { kind: 'unauthorized' });
        return { kind: 'given-back', until: heldUntil, why: `token-${token.why}` };
      }
      const nonce = ports.newId();
      const leaseEnd = ports.clock.now() + leaseMs(ports.callTimeoutMs);
      const claim = await ports.ledger.claim(request, item, { nonce, end: leaseEnd });
      if (claim.kind === 'lost') {
        item = claim.item;
        lostClaims += 1;
        continue;
      }
      // After a standstill the rest of the lease may be shorter than a call, or the request another copy's by now.
      const latestStart = Math.min(times.latestStart, leaseEnd - ports.callTimeoutMs);
      if (ports.clock.now() > latestStart) return await giveBackClaim(work, key, nonce);

      used = true;
      const step = await call(work, request, body.email, token, { nonce, item: claim.item, ticket });
      if (step.kind === 'ended') return step.outcome;
      item = step.item;
    } finally {
      if (!used) await ports.budget.report(ticket, { kind: 'unused' });
    }
  }
  return { kind: 'deferred', cause: 'busy', until: ports.clock.now(), attempted: false };
}

function requestOf(message: Message, body: ResetRequest, key: string): NewRequest {
  return {
    key,
    lane: message.lane,
    address: addressBits(key, body.email),
    firstSentAt: message.sentAt,
    ...(body.campaignId === undefined ? {} : { campaignId: body.campaignId }),
    ...(message.sender === undefined ? {} : { sender: message.sender }),
    ...(body.requestedBy === undefined ? {} : { requestedBy: cleanAuditText(body.requestedBy, body.email) }),
  };
}

const identityOf = (message: Message, request?: NewRequest) => ({
  ...(request?.address === undefined ? {} : { address: request.address }),
  ...(message.carried.failureId === undefined ? {} : { failureId: message.carried.failureId }),
});

/** What is to be done for a request that may not be called now. */
async function settle(
  work: Work,
  key: string,
  standing: Exclude<Standing, { kind: 'callable' | 'other-address' }>,
): Promise<Outcome> {
  switch (standing.kind) {
    case 'ended':
      return { kind: 'duplicate' };
    case 'resume-letter':
      return sendLetter(work, key, standing.item);
    case 'busy':
    case 'not-due':
      return { kind: 'deferred', cause: standing.kind, until: standing.until, attempted: false };
  }
}

/** Ends a request whose call has no point any more: too often without an answer, too late, or cancelled. */
async function endUncalled(
  work: Work,
  request: NewRequest,
  body: ResetRequest,
  seen: RequestItem | undefined,
  standing: Callable,
): Promise<Outcome | undefined> {
  const { ports, message } = work;
  const giveUp = (reason: FailureReason, detail: string) =>
    deadLetter(work, request, { seen }, { reason, detail: withUnknowns(detail, standing.unknowns), spent: 'nothing' });
  if (standing.unknowns >= MAX_UNKNOWNS) return giveUp('outcome-unknown', 'the last call had no answer');
  if (standing.failedCalls >= MAX_FAILED_CALLS)
    return giveUp('retries-exhausted', `${standing.failedCalls} calls failed`);
  const now = ports.clock.now();
  if (body.notAfter !== undefined && Date.parse(body.notAfter) < now) return giveUp('expired', 'notAfter has passed');
  if (now - message.sentAt >= MAX_QUEUED_MS) return giveUp('expired', 'queued for 12 days');
  if (request.campaignId === undefined || !(await ports.ledger.isCancelled(request.campaignId))) return undefined;
  const cancelled = await ports.ledger.cancel(request, { seen });
  return cancelled ? { kind: 'cancelled' } : heldElsewhere(work);
}

/** What a person must know before a redrive is never cut off; the API's words are. */
function withUnknowns(detail: string, unknowns: number): string {
  const note = unknowns === 0 ? '' : `; calls without an answer, so perhaps made: ${unknowns}`;
  return detail.slice(0, MAX_DETAIL_LENGTH - note.length).toWellFormed() + note;
}

/** Somebody else has taken the request up meanwhile; the next receive will show what came of it. */
const heldElsewhere = (work: Work): Outcome => ({
  kind: 'deferred',
  cause: 'busy',
  until: work.ports.clock.now(),
  attempted: false,
});

async function giveBackClaim(work: Work, key: string, nonce: string): Promise<Outcome> {
  const now = work.ports.clock.now();
  await persist(work, () => work.ports.ledger.wait(key, nonce, { notBefore: now, spent: 'nothing', uncalled: true }));
  return { kind: 'given-back', until: now, why: 'time' };
}

/** Makes the one call that the claim allows and writes down what came of it. */
async function call(
  work: Work,
  request: NewRequest,
  email: string,
  token: { token: string; version: string },
  claim: Claim,
): Promise<Step> {
  const { ports } = work;
  const tell = (report: CallReport) => ports.budget.report(claim.ticket, report);
  // At once, since the wait is counted from the answer.
  const retryAndTell = async (report: CallReport, again: Retryable): Promise<Step> => {
    const [step] = await Promise.all([retry(work, request, claim, again), tell(report)]);
    return step;
  };
  const verdict = verdictOf(await ports.api.reset(email, token.token));
  ports.telemetry.measure(METRICS.calls, 1);
  Object.assign(
    work.story,
    { calls: claim.item.calls },
    verdict.status === undefined ? {} : { status: verdict.status },
  );
  switch (verdict.kind) {
    case 'done': {
      const told = tell({ kind: 'success' });
      const outcome = await recordSuccess(work, request, verdict.status);
      await told;
      return ended(outcome);
    }
    case 'unauthorized':
      ports.telemetry.event('CALL_UNAUTHORIZED', work.story);
      return waitForToken(work, request, claim, token.version);
    case 'refused': {
      const { heldUntil } = await tell({ kind: verdict.reason === 'rejected' ? 'rejected' : 'answered' });
      if (heldUntil !== undefined)
        return ended(await waitUnspent(work, request, claim, 'brake', heldUntil, verdict.status));
      // Perhaps the unanswered call made the reset and this answer only says that it is made.
      const reason = claim.item.unknowns > 0 ? 'outcome-unknown' : verdict.reason;
      const detail = withUnknowns(verdict.detail, claim.item.unknowns);
      const failure = { reason, detail, status: verdict.status, spent: 'failed-call' } as const;
      return ended(await deadLetter(work, request, claim, failure));
    }
    case 'throttled':
      ports.telemetry.event('CALL_THROTTLED', work.story);
      return retryAndTell({ kind: 'throttled', ...retryAfterOf(verdict) }, verdict);
    case 'unavailable':
      ports.telemetry.event('CALL_UNAVAILABLE', work.story);
      return retryAndTell({ kind: 'unavailable' }, verdict);
    case 'unknown':
      ports.telemetry.event('CALL_UNKNOWN', work.story);
      return retryAndTell({ kind: 'unanswered' }, verdict);
  }
}

const retryAfterOf = (verdict: { retryAfterMs?: number }) =>
  verdict.retryAfterMs === undefined ? {} : { retryAfterMs: verdict.retryAfterMs };
const statusOf = (verdict: { status?: number }) => (verdict.status === undefined ? {} : { status: verdict.status });

/** The reset was made, whatever becomes of the note of it. */
async function recordSuccess(work: Work, request: NewRequest, status: number): Promise<Outcome> {
  const written = await persist(work, () => work.ports.ledger.succeed(request, status));
  if (!written.ok) work.ports.telemetry.event('RESET_NOT_RECORDED', work.story);
  return { kind: 'reset' };
}

/** A 401 is never the request's fault: no attempt is spent. */
async function waitForToken(work: Work, request: NewRequest, claim: Claim, usedVersion: string): Promise<Step> {
  const { ports } = work;
  // Nothing is told before the secret is read, or the end of a hold's probe would let others call with the same token.
  if (!(await ports.tokens.hasOtherThan(usedVersion))) {
    ports.telemetry.event('TOKEN_REJECTED', work.story);
    const { heldUntil = ports.clock.now() } = await ports.budget.report(claim.ticket, { kind: 'unauthorized' });
    return ended(await waitUnspent(work, request, claim, 'credential', heldUntil, 401));
  }
  await ports.budget.report(claim.ticket, { kind: 'answered' });
  ports.telemetry.event('TOKEN_REFRESHED', work.story);
  const now = ports.clock.now();
  const written = await persist(work, () =>
    ports.ledger.wait(request.key, claim.nonce, {
      notBefore: now,
      lastStatus: 401,
      spent: 'nothing',
    }),
  );
  if (!written.ok) return ended(unwritten(work, 'nothing'));
  return written.value === undefined ? ended(heldElsewhere(work)) : { kind: 'again', item: written.value };
}

/** Puts a request back whose call failed by a fault that is not its own. */
async function waitUnspent(
  work: Work,
  request: NewRequest,
  claim: Claim,
  cause: 'credential' | 'brake',
  until: EpochMs,
  status: number,
): Promise<Outcome> {
  const written = await persist(work, () =>
    work.ports.ledger.wait(request.key, claim.nonce, {
      notBefore: until,
      lastStatus: status,
      spent: 'nothing',
    }),
  );
  if (!written.ok) return unwritten(work, 'nothing');
  return written.value ? { kind: 'deferred', cause, until, attempted: false } : heldElsewhere(work);
}

async function retry(work: Work, request: NewRequest, claim: Claim, verdict: Retryable): Promise<Step> {
  const { ports, times } = work;
  const isUnknown = verdict.kind === 'unknown';
  const spent = isUnknown ? 'unknown-call' : 'failed-call';
  const failedCalls = claim.item.failedCalls + 1;
  const unknowns = claim.item.unknowns + (isUnknown ? 1 : 0);
  Object.assign(work.story, { failedCalls, unknowns });
  const now = ports.clock.now();
  const next = nextTry(
    { failedCalls, unknowns, ...retryAfterOf(verdict) },
    { now, latestStart: times.latestStart },
    () => ports.random(),
  );
  if (next.kind === 'never') {
    const detail = withUnknowns(`${failedCalls} calls failed`, unknowns);
    return ended(await deadLetter(work, request, claim, { reason: next.reason, detail, spent, ...statusOf(verdict) }));
  }
  const notBefore = now + next.delayMs;
  const lastStatus = verdict.status === undefined ? {} : { lastStatus: verdict.status };
  const written = await persist(work, () =>
    ports.ledger.wait(request.key, claim.nonce, { notBefore, spent, ...lastStatus }),
  );
  if (!written.ok) return ended(unwritten(work, spent));
  if (written.value === undefined) return ended(heldElsewhere(work));
  if (next.kind === 'later' || ports.clock.now() > times.latestStart) {
    return ended({ kind: 'deferred', cause: 'backoff', until: notBefore, attempted: true });
  }
  // A timer may end a millisecond early, and the ledger lets nobody call before the time.
  while (ports.clock.now() < notBefore) await ports.clock.sleep(notBefore - ports.clock.now());
  return { kind: 'again', item: written.value };
}

/** A claim stays as it is until its lease ends; then the call counts as unknown. */
const unwritten = (work: Work, spent: Spent): Outcome => ({
  kind: 'deferred',
  cause: 'ledger-unreachable',
  until: work.ports.clock.now() + leaseMs(work.ports.callTimeoutMs),
  attempted: spent !== 'nothing',
});

/**
 * Dead-letters a message that is no request, or whose id is another person's. Such a request has no id of its own and goes by the
 * message's, or, redriven, by the one that its letter carries.
 */
async function refuse(work: Work, problem: string, campaignId?: string): Promise<Outcome> {
  const { ports, message } = work;
  const { key, item } = await refusedItem(work);
  work.story.requestId = key;
  const standing = standingOf(item, identityOf(message), ports.clock.now());
  if (standing.kind === 'other-address') throw new Error('A refused message has no address to compare.');
  if (standing.kind !== 'callable') return settle(work, key, standing);
  const request: NewRequest = {
    key,
    lane: message.lane,
    firstSentAt: message.sentAt,
    ...(campaignId === undefined ? {} : { campaignId }),
    ...(message.sender === undefined ? {} : { sender: message.sender }),
  };
  const detail = detailWithCut(problem, message.body);
  return deadLetter(work, request, { seen: item }, { reason: 'invalid-request', detail, spent: 'nothing' });
}

async function refusedItem({ ports, message }: Work): Promise<{ key: string; item: RequestItem | undefined }> {
  const carriedId = parseRequestId(message.carried.requestId);
  if (carriedId.ok && carriedId.requestId !== undefined) {
    const item = await ports.ledger.find(carriedId.requestId);
    if (item && isRedriveOf(item, message.carried.failureId)) return { key: carriedId.requestId, item };
  }
  return { key: message.id, item: await ports.ledger.find(message.id) };
}

/** `failing` in the ledger, then the letter, then `failed`: whatever breaks in between is taken up there by the next receive. */
async function deadLetter(
  work: Work,
  request: NewRequest,
  fence: Fence,
  failure: Omit<Failure, 'failureId'>,
): Promise<Outcome> {
  const failureId = work.ports.newId();
  const written = await persist(work, () => work.ports.ledger.failing(request, fence, { ...failure, failureId }));
  if (!written.ok) return unwritten(work, failure.spent);
  if (written.value === undefined) return heldElsewhere(work);
  return sendLetter(work, request.key, written.value);
}

async function sendLetter(work: Work, key: string, item: RequestItem): Promise<Outcome> {
  const { ports, message } = work;
  const letter = letterOf(item, key, message, ports.clock.now());
  try {
    await ports.deadLetters.send(letter);
  } catch {
    ports.telemetry.event('LETTER_NOT_SENT', work.story);
    return { kind: 'deferred', cause: 'letter-not-sent', until: ports.clock.now(), attempted: false };
  }
  const written = await persist(work, () => ports.ledger.failed(key, letter));
  return written.ok ? { kind: 'dead-lettered', reason: letter.reason } : unwritten(work, 'nothing');
}

/** Writes again and again while the time lasts: what a call came to is worth more than a quick end. */
async function persist<T>(work: Work, write: () => Promise<T>): Promise<{ ok: true; value: T } | { ok: false }> {
  const { clock, telemetry } = work.ports;
  for (;;) {
    try {
      const written = await withinTime(clock, work.times.deadline, write());
      return written.inTime ? { ok: true, value: written.value } : { ok: false };
    } catch (error) {
      if (!(error instanceof LedgerUnreachable)) throw error;
      telemetry.event('LEDGER_UNREACHABLE', { ...work.story, why: error.why });
      if (clock.now() + REWRITE_PAUSE_MS >= work.times.deadline) return { ok: false };
      await clock.sleep(REWRITE_PAUSE_MS);
    }
  }
}
