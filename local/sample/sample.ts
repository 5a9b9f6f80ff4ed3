import type { Lane } from '../../functions/contract/reset-request.ts';

/** What the sample sends, in this order. The word before an address's `+` says how the API treats it, see `personalities.ts`. */
export interface Sample {
  /**
   * The first phase: ordinary requests, which must be reset before anything else is sent. If nobody's call has succeeded within the last
   * minute, the worker suspects an outage: a 5xx or a call without an answer is then put back for 15 minutes, longer than the sample runs.
   */
  healthy: RawMessage[];
  /** Sent next because it takes longest: a call without an answer takes 20 s. */
  hanging: RawMessage[];
  /** For `resets enqueue -` and `resets campaign start`, which choose the request ids. */
  addresses: { interactive: string[]; bulk: string[] };
  /** Bodies as other systems send them, including careless ones. */
  raw: RawMessage[];
  /** Sent once the others have ended. @param idOf the request id of one of the addresses. */
  last(idOf: (email: string) => string): Last;
}

interface Last {
  raw: RawMessage[];
  /** More messages for requests that have ended: one that met a call under way would be put back for the 30 s of that call's lease. */
  copies: { lane: Lane; body: string }[];
}

/** One request. Without a key, the message id is the request's. */
export interface RawMessage {
  lane: Lane;
  body: string;
  key?: string;
}

/** Of the bulk addresses. */
export const CAMPAIGN = 'sample';

const REQUESTS = 200;
/** The most that `resets enqueue` takes is 100. */
const INTERACTIVE_ADDRESSES = 98;
/** Sent last. */
const LAST_REQUESTS = 2;
/** One batch. */
const HEALTHY_REQUESTS = 5;

/**
 * Refused, broken or late in every way that ends within a minute. No request meets two unknown outcomes: after the second, the next call
 * comes 15 minutes later at the earliest.
 */
const INTERACTIVE_TROUBLE = [
  'timeout504x1-then404',
  'ghost504x1-then404',
  'ghost504x1',
  'flaky503x1',
  'badrequest',
  'ghost504x1-then403',
  'flaky503x2',
  'notfound',
  'flaky503x1-after2',
  'timeout504x1',
  'forbidden',
  'cutx1',
  'cutx1-reset',
  'conflict',
  'redirect',
  'error500',
  'html',
  'bad502',
  'html502',
  'error500x1-then404',
  'status418',
];
/** A campaign's order is random: what looks like an outage could come three times in a row, and is sent in the other lane. */
const BULK_TROUBLE = ['notfound', 'garbled', 'notfound', 'forbidden', 'slow', 'notfound', 'conflict', 'huge', 'echo'];

/** @param now milliseconds since the epoch, for a request that comes too late. */
export function makeSample(now: number): Sample {
  const past = new Date(now - 60_000).toISOString();
  const body = (members: Record<string, unknown>) => JSON.stringify(members);
  const interactive = (email: string, key: string): RawMessage => ({
    lane: 'interactive',
    body: body({ email, requestId: key }),
    key,
  });
  const healthy = Array.from({ length: HEALTHY_REQUESTS }, (_, index) =>
    interactive(`healthy${index + 1}@example.com`, `sample-healthy-${index + 1}`),
  );
  const hanging = [interactive('hangx1+user@example.com', 'sample-hang')];
  const raw: RawMessage[] = [
    { lane: 'interactive', body: 'reset jo please' },
    { lane: 'interactive', body: '["jo@example.com"]' },
    { lane: 'interactive', body: body({ requestId: 'sample-no-address' }) },
    { lane: 'interactive', body: body({ email: 'jo@example.com\nbcc@example.com' }) },
    { lane: 'bulk', body: body({ email: 'jо@example.com', reason: 'a Cyrillic letter' }) },
    { lane: 'bulk', body: body({ email: 'jo@example.com', requestId: 'not an id' }) },
    { lane: 'bulk', body: body({ email: 'jo@example.com', padding: 'x'.repeat(70_000) }) },
    {
      lane: 'interactive',
      body: body({ email: 'late@example.com', notAfter: past, requestId: 'sample-late' }),
      key: 'sample-late',
    },
    {
      lane: 'bulk',
      body: body({ email: 'later@example.com', notAfter: past, requestId: 'sample-later' }),
      key: 'sample-later',
    },
    // Without a request id, the message's id is the request's.
    { lane: 'interactive', body: body({ email: 'plain@example.com', ticket: 'HELP-1' }) },
  ];
  const addresses = {
    interactive: addressesOf('interactive', INTERACTIVE_TROUBLE, INTERACTIVE_ADDRESSES),
    bulk: addressesOf(
      'bulk',
      BULK_TROUBLE,
      REQUESTS - INTERACTIVE_ADDRESSES - healthy.length - hanging.length - raw.length - LAST_REQUESTS,
    ),
  };
  const troubled = (word: string): string =>
    [...addresses.interactive, ...addresses.bulk].find((address) => address.startsWith(`${word}+`)) ?? '';
  const [, single = ''] = addresses.interactive;
  const [reset = '', ofBulk = '', another = ''] = addresses.bulk.filter((address) => !address.includes('+'));
  const last = (idOf: (email: string) => string): Last => {
    const copyOf = (email: string, lane: Lane) => ({ lane, body: body({ email, requestId: idOf(email) }) });
    return {
      raw: [
        // One id for two people: the second is rejected, under its message's id.
        { lane: 'bulk', body: body({ email: 'somebody.else@example.com', requestId: idOf(reset) }) },
        // Only one: a 429 slows all calls down, since the quota is the whole tenant's. A 401 would hold them all for half a minute.
        interactive('flaky429x1-after1+user@example.com', 'sample-throttled'),
      ],
      copies: [
        // In the other lane, twice in one batch, and of requests that were dead-lettered.
        copyOf(ofBulk, 'interactive'),
        copyOf(single, 'bulk'),
        copyOf(another, 'bulk'),
        copyOf(another, 'bulk'),
        copyOf(troubled('ghost504x1-then403'), 'interactive'),
        copyOf(troubled('notfound'), 'interactive'),
      ],
    };
  };
  return { healthy, hanging, addresses, raw, last };
}

/** The troubled ones are spread evenly among the others, as in life: a batch of nothing else would look like an outage. */
function addressesOf(lane: Lane, trouble: readonly string[], count: number): string[] {
  const every = Math.floor(count / trouble.length);
  return Array.from({ length: count }, (_, index) => {
    const word = index % every === 0 ? trouble[index / every] : undefined;
    const address = `user${index + 1}.${lane}@example.com`;
    return word === undefined ? address : `${word}+${address}`;
  });
}
