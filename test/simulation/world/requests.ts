import type { Lane } from '../../../functions/contract/reset-request.ts';
import { bytes, shorts, times } from '../engine/column.ts';

export const CAMPAIGN_ID = 'campaign-1';

/** What a request is like, as bits. */
export const TRAIT = {
  bulk: 1,
  invalid: 2,
  withoutId: 4,
  inCampaign: 8,
  failing: 16,
  hanging: 32,
  always500: 64,
  always503: 128,
  notFound: 256,
} as const;
/** Requests of these are troubled by themselves: what becomes of them says nothing of how others are served. */
export const TROUBLED = TRAIT.failing | TRAIT.hanging | TRAIT.always500 | TRAIT.always503 | TRAIT.notFound;

/** A test user of the tenant, who is nobody's request. */
export const PROBE_ADDRESS = 'probe@example.com';

/** What really became of each request, apart from what the worker believes. One row a request. */
export class Requests {
  count = 0;
  readonly traits = shorts();
  readonly sentAt = times();
  /** When the password was first reset; 0 for not yet. */
  readonly resetAt = times();
  readonly resets = bytes();
  /** Calls, or deaths during a call, whose outcome nobody could know. */
  readonly excuses = shorts();
  /** Calls of this round (since it came or was redriven) that failed otherwise than by a 401. */
  readonly failedCalls = shorts();
  /** Messages in a lane. */
  readonly copies = shorts();
  /** Letters in the dead-letter queue. */
  readonly letters = shorts();
  readonly redrives = bytes();
  /** Calls ever, whatever came of them. */
  readonly calls = shorts();
  /** When the last call began; 0 for none. */
  readonly calledAt = times();
  readonly lastStatus = shorts();
  /** Requests without a valid id of their own go by the id of a message. */
  readonly #ofMessageKey = new Map<string, number>();

  add(traits: number, now: number): number {
    const request = this.count;
    this.count += 1;
    this.traits.set(request, traits);
    this.sentAt.set(request, now);
    return request;
  }

  has(request: number, trait: number): boolean {
    return (this.traits.get(request) & trait) !== 0;
  }

  laneOf(request: number): Lane {
    return this.has(request, TRAIT.bulk) ? 'bulk' : 'interactive';
  }

  /** Made when it is needed: a million bodies would be most of the memory. */
  bodyOf(request: number): string {
    if (this.has(request, TRAIT.invalid)) return `{"email":"nobody","requestId":"r${request}"}`;
    const id = this.has(request, TRAIT.withoutId) ? '' : `,"requestId":"r${request}"`;
    const campaign = this.has(request, TRAIT.inCampaign) ? `,"campaignId":"${CAMPAIGN_ID}"` : '';
    return `{"email":"${this.emailOf(request)}"${id}${campaign}}`;
  }

  emailOf(request: number): string {
    return `u${request}@example.com`;
  }

  ofEmail(email: string): number {
    return Number.parseInt(email.slice(1), 10);
  }

  /** A message whose request goes by the message's id. */
  nameByMessage(messageId: string, request: number): void {
    if (this.has(request, TRAIT.withoutId | TRAIT.invalid)) this.#ofMessageKey.set(messageId, request);
  }

  /** Of a key in the ledger; undefined where it is no request's. */
  ofKey(key: string): number | undefined {
    return key.startsWith('r') ? Number.parseInt(key.slice(1), 10) : this.#ofMessageKey.get(key);
  }
}
