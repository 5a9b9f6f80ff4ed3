import type { Ruling, Shown, Ticket, Verdict } from '../../call-budget/call-budget.ts';
import { blindRuling, metBy } from '../../call-budget/state.ts';
import { errorClass } from '../../common/causes.ts';
import type { EpochMs } from '../../common/clock.ts';
import { type EventCode, type EventFields, METRICS } from '../../common/telemetry.ts';
import { withinTime } from '../../common/within-time.ts';
import {
  MAX_REASON_LENGTH,
  NO_CAMPAIGN,
  parseRequestId,
  parseResetRequest,
  type ResetRequest,
} from '../../contract/reset-request.ts';
import type { RequestItem } from '../../ledger/items.ts';
import { CLOCK_SKEW_MS, leaseMs } from '../../ledger/lease.ts';
import { type Fence, LedgerUnreachable, type NewRequest, type WaitUpdate } from '../../ledger/ledger.ts';
import { addressTag, isRedriveOf, type PastCalls, type Standing, standingOf } from '../../ledger/standing.ts';
import { verdictOf } from './answers.ts';
import { afterFailedCall, type GiveUp, giveUpBeforeCall, hiddenUntil, LONGEST_HELD_HIDE_MS } from './decisions.ts';
import { detailWithCut, letterOf } from './letter.ts';
import { type DeferralCause, isAcknowledged, type Outcome } from './outcome.ts';
import type { Message, Ports, TokenAnswer } from './ports.ts';
import { cleanAuditText } from './redact.ts';
import { INTAKE_PAUSE_MS } from './retry-policy.ts';

/** A claim lost more often than this to other copies is left to them. */
const MAX_LOST_CLAIMS = 3;
/** Between two tries to write down what a call came to. */
const REWRITE_PAUSE_MS = 250;
/** A report that takes longer goes on unwatched: a lease outlasts its call by ten seconds, and the ledger's write comes after it. */
const LONGEST_TELLING_MS = 5_000;

/** What the messages of a batch share. */
export interface Invocation {
  /** No call starts later: a call's time-out and 10 s more are left then. */
  latestStart: EpochMs;
  /** All work on a message ends by then. */
  deadline: EpochMs;
  /** Messages that are worked on and do not sleep until their next call. The invocation is busy for them anyway. */
  atWork: number;
  /** What the secret gave when a turn was last asked for; undefined until one is. */
  token?: TokenAnswer;
}

/** The work on one message. */
interface Work {
  ports: Ports;
  message: Message;
  invocation: Invocation;
  /** Stand in each log line about it. */
  fields: EventFields;
  notAfter?: EpochMs;
}

/** The work on a message that asks for a reset, under the id that it goes by. */
interface RequestWork extends Work {
  request: NewRequest;
  email: string;
}

/** How the work on a message ended, with what its last log line says besides. */
interface End {
  kind: 'ended';
  outcome: Outcome;
  fields?: EventFields;
}
/** The end, or another try now, with the item as it was last written or seen. */
type Step = End | { kind: 'again'; item: RequestItem | undefined; fields?: EventFields; lostClaim?: true };
/** The lease of one call, the turn that allowed it and the token to make it with. */
interface Claim {
  nonce: string;
  item: RequestItem;
  ticket: Ticket;
  token: Token;
}
type Token = Extract<TokenAnswer, { kind: 'token' }>;

const ended = (outcome: Outcome, fields: EventFields = {}): End => ({ kind: 'ended', outcome, fields });
const deferred = (cause: DeferralCause, until: EpochMs, attempted = false): Outcome => ({
  kind: 'deferred',
  cause,
  until,
  attempted,
});

const EVENT_OF: Record<Outcome['kind'], EventCode> = {
  succeeded: 'RESET_MADE',
  'dead-lettered': 'DEAD_LETTERED',
  cancelled: 'CANCELLED',
  duplicate: 'DUPLICATE',
  deferred: 'DEFERRED',
  'given-back': 'GIVEN_BACK',
};

/** Takes one message from its body to its end here. Throws only on programming errors. */
export async function processMessage(ports: Ports, message: Message, invocation: Invocation): Promise<Outcome> {
  const { id, lane, receiveCount } = message;
  const work: Work = { ports, message, invocation, fields: { lane, messageId: id, receiveCount } };
  const asked = readRequest(work);
  const known = 'problem' in asked ? work : asked;
  const end = await begin(work, asked).catch((error: unknown) => pauseUnreachable(known, error));
  const outcome = withNotAfter(end.outcome, known.notAfter);
  const fields = { ...known.fields, ...end.fields, ...fieldsOf(outcome, ports.clock.now()) };
  ports.telemetry.event(EVENT_OF[outcome.kind], fields);
  return outcome;
}

/** Nothing is begun where the function's timeout leaves no room for a call. */
async function begin(work: Work, asked: RequestWork | { problem: string }): Promise<End> {
  const now = work.ports.clock.now();
  if (now > work.invocation.latestStart) {
    return ended({ kind: 'given-back', until: now + LONGEST_HELD_HIDE_MS, why: 'timeout-too-short' });
  }
  return 'problem' in asked ? refuse(work, asked.problem) : pursue(asked);
}

const withNotAfter = (outcome: Outcome, notAfter: EpochMs | undefined): Outcome =>
  isAcknowledged(outcome) || notAfter === undefined ? outcome : { ...outcome, notAfter };

function fieldsOf(outcome: Outcome, now: EpochMs): EventFields {
  if (outcome.kind === 'dead-lettered') return { reason: outcome.reason };
  if (isAcknowledged(outcome)) return {};
  return { why: outcome.kind === 'deferred' ? outcome.cause : outcome.why, delayMs: outcome.until - now };
}

/** The message's request and the id that it goes by, or why it is none. */
function readRequest(work: Work): RequestWork | { problem: string } {
  const parsed = parseResetRequest(work.message.body);
  if (!parsed.ok) return parsed;
  const { requestId } = parsed.request;
  if (requestId !== undefined) return workOn(work, parsed.request, requestId);
  const carried = parseRequestId(work.message.carried.requestId);
  if (!carried.ok) return { problem: `the message attribute RequestId ${carried.problem}` };
  return workOn(work, parsed.request, carried.requestId ?? work.message.id);
}

/** Without the ledger no call is made. */
async function pauseUnreachable({ ports, invocation, fields }: Work, error: unknown): Promise<End> {
  if (!(error instanceof LedgerUnreachable)) throw error;
  ports.telemetry.event('LEDGER_UNREACHABLE', { ...fields, why: error.why });
  const leftMs = invocation.latestStart - ports.clock.now();
  await ports.clock.sleep(Math.max(0, Math.min(INTAKE_PAUSE_MS, leftMs)));
  return ended(deferred('ledger-unreachable', ports.clock.now()));
}

function workOn(work: Work, asked: ResetRequest, key: string): RequestWork {
  const { lane, sentAt, sender } = work.message;
  const { email, requestedBy, reason } = asked;
  const notAfter = asked.notAfter === undefined ? {} : { notAfter: Date.parse(asked.notAfter) };
  const campaignId = asked.campaignId === NO_CAMPAIGN ? undefined : asked.campaignId;
  const request: NewRequest = {
    key,
    lane,
    addressTag: addressTag(key, email),
    firstSentAt: sentAt,
    ...(campaignId === undefined ? {} : { campaignId }),
    ...(sender === undefined ? {} : { sender: cleanAuditText(sender, email) }),
    ...(requestedBy === undefined ? {} : { requestedBy: cleanAuditText(requestedBy, email) }),
    ...(reason === undefined ? {} : { requestReason: cleanAuditText(reason, email, MAX_REASON_LENGTH) }),
    ...notAfter,
  };
  return {
    ...work,
    fields: { ...work.fields, requestId: key, ...(campaignId === undefined ? {} : { campaignId }) },
    request,
    email,
    ...notAfter,
  };
}

const identityOf = (message: Message, tag?: number) => ({
  ...(tag === undefined ? {} : { addressTag: tag }),
  ...(message.carried.failureId === undefined ? {} : { failureId: message.carried.failureId }),
});

/** Looks up, waits for a turn, claims and calls, until the work on the message has ended here. */
async function pursue(work: RequestWork): Promise<End> {
  const { ports, message, request } = work;
  let fields: EventFields = {};
  let item = await ports.ledger.find(request.key);
  for (let lostClaims = 0; lostClaims < MAX_LOST_CLAIMS; ) {
    const standing = standingOf(
      item,
      identityOf(message, request.addressTag),
      ports.clock.now(),
      leaseMs(ports.callTimeoutMs),
    );
    if (standing.kind === 'other-address') {
      return refuse(work, 'the request id was used before, for another address', request.campaignId);
    }
    const next = 'past' in standing ? tryCall(work, item, standing) : settle(work, request.key, standing);
    // Caught here, so that the last line still tells of the calls before.
    const step: Step = await next.catch((error: unknown) => pauseUnreachable(work, error));
    fields = { ...fields, ...step.fields };
    if (step.kind === 'ended') return ended(step.outcome, fields);
    item = step.item;
    if (step.lostClaim) lostClaims += 1;
  }
  return ended(heldElsewhere(work), fields);
}

/** Ends a request that has no point any more, also before its next try is due, or calls for it when it is its turn. */
async function tryCall(
  work: RequestWork,
  item: RequestItem | undefined,
  standing: Extract<Standing, { past: PastCalls }>,
): Promise<Step> {
  const pointless = await endUncalled(work, item, standing.past);
  if (pointless) return pointless;
  return standing.kind === 'callable' ? takeTurn(work, item, standing.past) : settle(work, work.request.key, standing);
}

/** What is to be done for a request that may not be called now. */
async function settle(
  work: Work,
  key: string,
  standing: Exclude<Standing, { kind: 'callable' | 'other-address' }>,
): Promise<End> {
  switch (standing.kind) {
    case 'ended':
      return ended({ kind: 'duplicate' });
    case 'resume-letter':
      return sendLetter(work, key, standing.item);
    case 'letter-sent':
      return noteLetter(work, key, standing.item);
    case 'busy':
    case 'not-due':
      return ended(deferred(standing.kind, standing.until));
  }
}

/** Ends a request whose call has no point any more: cancelled, too often without an answer, or too late. */
async function endUncalled(
  work: RequestWork,
  seen: RequestItem | undefined,
  past: PastCalls,
): Promise<End | undefined> {
  const { ports, request, message, notAfter } = work;
  // First of all: it also registers the campaign, before anything is written with its id.
  if (request.campaignId !== undefined && (await ports.ledger.isCancelled(request.campaignId))) {
    const cancelled = await ports.ledger.cancel(request, { seen });
    return ended(cancelled ? { kind: 'cancelled' } : heldElsewhere(work));
  }
  const limits = { sentAt: message.sentAt, ...(notAfter === undefined ? {} : { notAfter }) };
  const failure = giveUpBeforeCall(past, limits, ports.clock.now());
  return failure && deadLetter(work, request, { seen }, failure);
}

/** Waits for a turn, and makes the call that it allows or gives it back. Each turn is followed by one report, or a probe would be waited for. */
async function takeTurn(work: RequestWork, item: RequestItem | undefined, past: PastCalls): Promise<Step> {
  const { ports, message, request, invocation } = work;
  // Ahead of the turn, or ten permits would wait for one look at the secret and be used all at once. Whatever it says, a turn is asked for:
  // that wait is what slows the intake, and its ticket is what a missing token is reported with.
  invocation.token = await ports.tokens.current();
  const turn = await ports.budget.turn(message.lane, request.key, invocation.latestStart, past);
  if (turn.kind === 'none') {
    const until = hiddenUntil(turn, message, ports.clock.now());
    return ended({ kind: 'given-back', until, why: turn.why });
  }
  const { ticket } = turn;
  let ready: Claim | Step;
  try {
    ready = await prepare(work, item, past, ticket);
  } catch (error) {
    await tell(work, ticket, { kind: 'nothing' });
    throw error;
  }
  if ('nonce' in ready) return call(work, ready);
  return ready;
}

/** Readies the call that a turn allows: the token and the claim, after another look at whether it still has a point. */
async function prepare(
  work: RequestWork,
  item: RequestItem | undefined,
  past: PastCalls,
  ticket: Ticket,
): Promise<Claim | Step> {
  const { ports, invocation, request } = work;
  const unused = async (step: Step): Promise<Step> => {
    await tell(work, ticket, { kind: 'nothing' });
    return step;
  };
  // The wait may have been long.
  const pointless = await endUncalled(work, item, past);
  if (pointless) return unused(pointless);
  const token = await ports.tokens.atHand();
  if (token.kind === 'none') {
    ports.telemetry.event('TOKEN_UNUSABLE', { ...work.fields, why: token.why });
    const ruling = await tell(work, ticket, { kind: 'no-token' });
    return ended({ kind: 'given-back', until: untilOf(ruling, ports.clock.now()), why: `token-${token.why}` });
  }
  if (ticket.probe === 'address') return probeByAddress(work, item, ticket, token);

  const nonce = ports.newId();
  const leaseEnd = ports.clock.now() + leaseMs(ports.callTimeoutMs);
  const claim = await ports.ledger.claim(request, item, { nonce, end: leaseEnd }).catch(async (error: unknown) => {
    // Perhaps it was written, and would count as a call that was perhaps made. None was.
    await giveBackClaim(work, nonce).catch(onlyUnreachable);
    throw error;
  });
  if (claim.kind === 'lost') return unused({ kind: 'again', item: claim.item, lostClaim: true });
  // After a standstill the rest of the lease may be shorter than a call, or the request another copy's by now.
  const latestStart = Math.min(invocation.latestStart, leaseEnd - ports.callTimeoutMs - CLOCK_SKEW_MS);
  if (ports.clock.now() <= latestStart) return { nonce, item: claim.item, ticket, token };
  await persist(work, () => giveBackClaim(work, nonce));
  return unused(ended({ kind: 'given-back', until: ports.clock.now(), why: 'time' }));
}

const giveBackClaim = (work: RequestWork, nonce: string): Promise<RequestItem | undefined> =>
  work.ports.ledger.wait(work.request.key, nonce, { notBefore: work.ports.clock.now(), spent: {}, uncalled: true });

/** Reports a turn. What a call came to is written down in time for its lease, whether or not the budget can be told of it. */
async function tell({ ports, invocation }: Work, ticket: Ticket, shown: Shown): Promise<Ruling> {
  const until = Math.min(invocation.deadline, ports.clock.now() + LONGEST_TELLING_MS);
  const told = await withinTime(ports.clock, until, ports.budget.report(ticket, shown));
  return told.inTime ? told.value : blindRuling(shown, ports.clock.now());
}

/** Calls with the probe address in place of a request, which then waits for a turn of its own. */
async function probeByAddress(
  work: RequestWork,
  item: RequestItem | undefined,
  ticket: Ticket,
  token: Token,
): Promise<Step> {
  const { ports, invocation } = work;
  const again: Step = { kind: 'again', item };
  if (ports.probeAddress === undefined || ports.clock.now() > invocation.latestStart) {
    await tell(work, ticket, { kind: 'nothing' });
    return ended({ kind: 'given-back', until: ports.clock.now(), why: 'time' });
  }
  const verdict = verdictOf(await ports.api.reset(ports.probeAddress, token.token));
  ports.telemetry.measure(METRICS.calls, 1);
  ports.telemetry.event('OUTAGE_PROBED', { lane: ticket.lane, why: verdict.kind, ...metBy(verdict) });
  const isStale =
    verdict.kind === 'unauthorized' && (await ports.tokens.afterRejection(token.version)).kind === 'newer';
  await tell(work, ticket, isStale ? { kind: 'nothing' } : verdict);
  return again;
}

/** Makes the one call that the claim allows and writes down what came of it. */
async function call(work: RequestWork, claim: Claim): Promise<Step> {
  const { ports } = work;
  const verdict = verdictOf(await ports.api.reset(work.email, claim.token.token));
  const answeredAt = ports.clock.now();
  ports.telemetry.measure(METRICS.calls, 1);
  const fields: EventFields = { calls: claim.item.calls, ...statusField(verdict) };
  if (verdict.kind === 'succeeded') {
    const told = tell(work, claim.ticket, verdict);
    const end = await recordSuccess(work, verdict.status, fields);
    await told;
    return end;
  }
  const event = CALL_EVENT_OF[verdict.kind];
  if (event) ports.telemetry.event(event, { ...work.fields, ...fields, ...metBy(verdict) });
  if (verdict.kind === 'unauthorized') {
    // Nothing is told before the secret is read, or the end of a hold's probe would let others call with the same token.
    const replacement = await ports.tokens.afterRejection(claim.token.version);
    if (replacement.kind === 'newer') {
      await tell(work, claim.ticket, { kind: 'nothing' });
      ports.telemetry.event('TOKEN_REFRESHED', { ...work.fields, ...fields });
      const update = { notBefore: ports.clock.now(), lastStatus: verdict.status, spent: {} };
      return leaveWaiting(work, claim, update, fields, (item) => ({ kind: 'again', item, fields }));
    }
    if (replacement.kind === 'same') ports.telemetry.event('TOKEN_REJECTED', { ...work.fields, ...fields });
    else ports.telemetry.event('TOKEN_UNUSABLE', { ...work.fields, ...fields, why: replacement.why });
  }
  const ruling = await tell(work, claim.ticket, verdict);
  return carryOn(work, claim, verdict, ruling, answeredAt, fields);
}

/** Does what the decision after a failed call says. */
async function carryOn(
  work: RequestWork,
  claim: Claim,
  verdict: Exclude<Verdict, { kind: 'succeeded' }>,
  ruling: Ruling,
  answeredAt: EpochMs,
  called: EventFields,
): Promise<Step> {
  const { ports, invocation, message, request } = work;
  const { item, ticket, nonce } = claim;
  const { latestStart } = invocation;
  const probesByAddress = ports.probeAddress !== undefined;
  // While others of its batch are at work, its wait costs nothing; alone it would keep a whole invocation for itself.
  const maySleep = message.lane === 'bulk' || invocation.atWork > 1;
  const next = afterFailedCall(
    { verdict, ruling, item, ticket, answeredAt, latestStart, maySleep, probesByAddress },
    () => ports.random(),
  );
  const { failedCalls, unknowns } = item;
  const spent = next.kind === 'give-up' ? next.failure.spent : next.update.spent;
  const fields: EventFields = {
    ...called,
    failedCalls: failedCalls + (spent.failedCalls ?? 0),
    unknowns: unknowns + (spent.unknowns ?? 0),
  };
  switch (next.kind) {
    case 'give-up': {
      const { outcome } = await deadLetter(work, request, { nonce }, next.failure);
      return ended(outcome, fields);
    }
    case 'wait':
      return leaveWaiting(work, claim, next.update, fields, () =>
        ended(deferred(next.cause, next.shownAt, next.attempted), fields),
      );
    case 'try-again':
      return leaveWaiting(work, claim, next.update, fields, async (written) => {
        const { notBefore } = next.update;
        if (ports.clock.now() > latestStart)
          return ended(deferred('backoff', notBefore, spent.failedCalls !== undefined), fields);
        // A timer may end a millisecond early, and the ledger lets nobody call before the time.
        await asleep(invocation, async () => {
          while (ports.clock.now() < notBefore) await ports.clock.sleep(notBefore - ports.clock.now());
        });
        return { kind: 'again', item: written, fields };
      });
  }
}

/** Who sleeps until the next call is not at work. */
async function asleep(invocation: Invocation, sleep: () => Promise<void>): Promise<void> {
  invocation.atWork -= 1;
  try {
    await sleep();
  } finally {
    invocation.atWork += 1;
  }
}

/** Puts a request that was called back to waiting; what follows is for whoever could write that. */
async function leaveWaiting(
  work: RequestWork,
  claim: Claim,
  update: WaitUpdate,
  fields: EventFields,
  then: (item: RequestItem) => Step | Promise<Step>,
): Promise<Step> {
  const written = await persist(work, () => work.ports.ledger.wait(work.request.key, claim.nonce, update));
  if (!written.ok) return ended(unwritten(work, update.spent.failedCalls !== undefined), fields);
  return written.value === undefined ? ended(heldElsewhere(work), fields) : then(written.value);
}

const CALL_EVENT_OF: Partial<Record<Verdict['kind'], EventCode>> = {
  unauthorized: 'CALL_UNAUTHORIZED',
  throttled: 'CALL_THROTTLED',
  unavailable: 'CALL_UNAVAILABLE',
  unknown: 'CALL_UNKNOWN',
};

const statusField = ({ status }: Verdict): EventFields => (status === undefined ? {} : { status });

const untilOf = (ruling: Ruling, now: EpochMs): EpochMs => (ruling.fault === 'ours' ? ruling.until : now);

/** The reset was made, whatever becomes of the note of it. */
async function recordSuccess(work: RequestWork, status: number, fields: EventFields): Promise<End> {
  const written = await persist(work, () => work.ports.ledger.succeed(work.request, status));
  if (!written.ok) work.ports.telemetry.event('RESET_NOT_RECORDED', { ...work.fields, ...fields });
  return ended({ kind: 'succeeded' }, fields);
}

/** Somebody else has taken the request up meanwhile; the next receive will show what came of it. */
const heldElsewhere = (work: Work): Outcome => deferred('busy', work.ports.clock.now());

/** A claim stays as it is until its lease ends; then the call counts as unknown. */
const unwritten = ({ ports }: Work, attempted: boolean): Outcome =>
  deferred('ledger-unreachable', ports.clock.now() + leaseMs(ports.callTimeoutMs), attempted);

/**
 * Dead-letters a message that is no request, or whose id is another person's. Such a request has no id of its own and goes by the
 * message's, or, redriven, by the one that its letter carries.
 */
async function refuse(work: Work, problem: string, campaignId?: string): Promise<End> {
  const { ports, message } = work;
  const { key, item } = await refusedItem(work);
  const standing = standingOf(item, identityOf(message), ports.clock.now(), leaseMs(ports.callTimeoutMs));
  if (standing.kind === 'other-address') throw new Error('A refused message has no address to compare.');
  const refused: Work = { ...work, fields: { ...work.fields, requestId: key } };
  const end = await (standing.kind === 'callable' ? deadLetterRefused() : settle(refused, key, standing));
  return ended(end.outcome, { requestId: key, ...end.fields });

  async function deadLetterRefused(): Promise<End> {
    // A campaign is registered before anything is written with its id, so that its dead letters are in its list.
    if (campaignId !== undefined) await ports.ledger.isCancelled(campaignId).catch(onlyUnreachable);
    const request: NewRequest = {
      key,
      lane: message.lane,
      firstSentAt: message.sentAt,
      ...(campaignId === undefined ? {} : { campaignId }),
      // Behind the colon stands a session's name, which may be the address of whoever is to be reset.
      ...(message.sender === undefined ? {} : { sender: message.sender.replace(/:.*/s, '') }),
    };
    const detail = detailWithCut(problem, message.body, item?.detail);
    return deadLetter(refused, request, { seen: item }, { reason: 'invalid-request', detail, spent: {} });
  }
}

function onlyUnreachable(error: unknown): void {
  if (!(error instanceof LedgerUnreachable)) throw error;
}

async function refusedItem({ ports, message }: Work): Promise<{ key: string; item: RequestItem | undefined }> {
  const carriedId = parseRequestId(message.carried.requestId);
  if (carriedId.ok && carriedId.requestId !== undefined) {
    const item = await ports.ledger.find(carriedId.requestId);
    if (item && isRedriveOf(item, message.carried.failureId)) return { key: carriedId.requestId, item };
  }
  return { key: message.id, item: await ports.ledger.find(message.id) };
}

/** `failing` in the ledger, then the letter, then `failed`: whatever breaks in between is taken up there by a later receive. */
async function deadLetter(work: Work, request: NewRequest, fence: Fence, failure: GiveUp): Promise<End> {
  const failureId = work.ports.newId();
  const written = await persist(work, () => work.ports.ledger.failing(request, fence, { ...failure, failureId }));
  if (!written.ok) return ended(unwritten(work, failure.spent.failedCalls !== undefined));
  if (written.value === undefined) return ended(heldElsewhere(work));
  return sendLetter(work, request.key, written.value);
}

async function sendLetter(work: Work, key: string, item: RequestItem): Promise<End> {
  const { ports, message } = work;
  const letter = letterOf(item, key, message, ports.clock.now());
  try {
    await ports.deadLetters.send(letter);
  } catch (error) {
    ports.telemetry.event('LETTER_NOT_SENT', { ...work.fields, why: errorClass(error) });
    return ended(deferred('letter-not-sent', ports.clock.now()));
  }
  const { failureId, reason } = letter;
  const written = await persist(work, () => ports.ledger.failed(key, { failureId, reason }));
  return ended(written.ok ? { kind: 'dead-lettered', reason } : unwritten(work, false));
}

/**
 * A redriven copy has come before the note that its letter was sent. Another letter in its place would be taken for a left-over, since an
 * operator may mark this request as redriven: the copy waits for the note.
 */
async function noteLetter(work: Work, key: string, item: RequestItem): Promise<End> {
  const { ports, message } = work;
  const { failureId, reason } = letterOf(item, key, message, ports.clock.now());
  const written = await persist(work, () => ports.ledger.failed(key, { failureId, reason }));
  return ended(written.ok ? heldElsewhere(work) : unwritten(work, false));
}

/** Writes again and again while the time lasts: what a call came to is worth more than a quick end. */
async function persist<T>(work: Work, write: () => Promise<T>): Promise<{ ok: true; value: T } | { ok: false }> {
  const { clock, telemetry } = work.ports;
  for (;;) {
    try {
      const written = await withinTime(clock, work.invocation.deadline, write());
      return written.inTime ? { ok: true, value: written.value } : { ok: false };
    } catch (error) {
      if (!(error instanceof LedgerUnreachable)) throw error;
      telemetry.event('LEDGER_UNREACHABLE', { ...work.fields, why: error.why });
      if (clock.now() + REWRITE_PAUSE_MS >= work.invocation.deadline) return { ok: false };
      await clock.sleep(REWRITE_PAUSE_MS);
    }
  }
}
