import type { ApiAnswer } from './ports.ts';

/** What an answer means for the request. */
export type Verdict =
  | { kind: 'done'; status: number }
  | { kind: 'throttled'; status: number; retryAfterMs?: number }
  | { kind: 'unavailable'; status?: number; retryAfterMs?: number }
  | { kind: 'unknown'; status?: number; retryAfterMs?: number }
  | { kind: 'unauthorized'; status: number }
  | { kind: 'refused'; status: number; reason: 'rejected' | 'server-error'; detail: string };

/** Only 429, 503, 504 and no answer at all are ever tried again. */
export function verdictOf(answer: ApiAnswer): Verdict {
  if (answer.kind === 'not-sent') return { kind: 'unavailable' };
  if (answer.kind === 'no-answer') return { kind: 'unknown' };
  const { status, detail } = answer;
  const retryAfter = answer.retryAfterMs === undefined ? {} : { retryAfterMs: answer.retryAfterMs };
  if (status >= 200 && status < 300) return { kind: 'done', status };
  if (status === 401) return { kind: 'unauthorized', status };
  if (status === 429) return { kind: 'throttled', status, ...retryAfter };
  if (status === 503) return { kind: 'unavailable', status, ...retryAfter };
  if (status === 504) return { kind: 'unknown', status, ...retryAfter };
  return { kind: 'refused', status, reason: status >= 500 ? 'server-error' : 'rejected', detail };
}
