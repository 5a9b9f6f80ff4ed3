import type { Lane } from '../../functions/contract/reset-request.ts';

/** What the sample sends. Each address acts by the word before its `+`, see `personalities.ts`. */
export interface Sample {
  /** Addresses a lane, for `resets enqueue --file`. */
  files: Record<Lane, string[]>;
  /** Sent before all others, since it takes longest: a call without an answer takes 20 s. */
  first: RawMessage[];
  /** Bodies as other systems send them, careless ones among them. */
  raw: RawMessage[];
  /** Further messages for requests that were sent already. */
  copies: { lane: Lane; body: string }[];
}

/** A request of its own. Without a key the message id is the request's. */
export interface RawMessage {
  lane: Lane;
  body: string;
  key?: string;
}

/** The run names begin the request ids that `resets enqueue --file` makes: `RUN:LINE`. */
export const runOf = (lane: Lane): string => `sample-${lane}`;

const REQUESTS = 200;
const INTERACTIVE_ADDRESSES = 70;

/** Refused, broken or late in every way that ends within a minute. */
const BULK_TROUBLE = [
  'ghost504',
  'flaky503x2',
  'flaky503x1-after2',
  'timeout504x1',
  'cutx1',
  'cutx1-reset',
  'garbled',
  'slow',
  'notfound',
  'notfound',
  'notfound',
  'forbidden',
  'conflict',
  'error500',
  'bad502',
  'huge',
  'echo',
];
const INTERACTIVE_TROUBLE = [
  'timeout504',
  'ghost504x1-then404',
  'ghost504x1',
  'flaky503x1',
  'badrequest',
  'notfound',
  'forbidden',
  'conflict',
  'redirect',
  'html',
  'html502',
  'error500x1-then404',
  'status418',
];

/** @param now milliseconds since the epoch, for a request that comes too late. */
export function makeSample(now: number): Sample {
  const past = new Date(now - 60_000).toISOString();
  const body = (members: Record<string, unknown>) => JSON.stringify(members);
  const taken = requestId('bulk', 1);
  const first: RawMessage[] = [
    {
      lane: 'interactive',
      body: body({ email: 'hangx1+first@example.com', requestId: 'sample-hang' }),
      key: 'sample-hang',
    },
  ];
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
    // One id for two people: the second is refused, under its message's id.
    { lane: 'bulk', body: body({ email: 'somebody.else@example.com', requestId: taken }) },
    // Without an id of its own the message's id is the request's.
    { lane: 'interactive', body: body({ email: 'plain@example.com', ticket: 'HELP-1' }) },
  ];
  const files = {
    interactive: addresses('interactive', INTERACTIVE_TROUBLE, INTERACTIVE_ADDRESSES),
    bulk: addresses('bulk', BULK_TROUBLE, REQUESTS - INTERACTIVE_ADDRESSES - first.length - raw.length),
  };
  // One alone, and last: a 429 slows all calls down, as the quota is the whole tenant's. A 401 would hold them all for half a minute.
  files.bulk.push(`flaky429x1-after1+${files.bulk.pop()}`);
  const copyOf = (lane: Lane, line: number, to: Lane) => ({
    lane: to,
    body: body({ email: files[lane][line - 1], requestId: requestId(lane, line) }),
  });
  const lineOf = (lane: Lane, word: string) => files[lane].findIndex((address) => address.startsWith(`${word}+`)) + 1;
  const copies = [
    // In the other lane, twice in one batch, and of requests that end as dead letters.
    copyOf('bulk', 2, 'interactive'),
    copyOf('interactive', 2, 'bulk'),
    copyOf('bulk', 3, 'bulk'),
    copyOf('bulk', 3, 'bulk'),
    copyOf('bulk', lineOf('bulk', 'ghost504'), 'bulk'),
    copyOf('interactive', lineOf('interactive', 'notfound'), 'interactive'),
  ];
  return { files, first, raw, copies };
}

/** As `resets enqueue --file` makes it. */
export const requestId = (lane: Lane, line: number): string => `${runOf(lane)}:${line}`;

/** The troubled ones stand evenly among the others, as in life: a batch of nothing else would look like an outage. */
function addresses(lane: Lane, trouble: readonly string[], count: number): string[] {
  const every = Math.floor(count / trouble.length);
  return Array.from({ length: count }, (_, index) => {
    const word = index % every === 0 ? trouble[index / every] : undefined;
    const address = `user${index + 1}.${lane}@example.com`;
    return word === undefined ? address : `${word}+${address}`;
  });
}
