import type { Verdict } from '../../call-budget/call-budget.ts';
import type { ApiAnswer } from './ports.ts';

/** Said in place of the API's words, which such a page does not hold. */
const HTML_DETAIL = 'answered with an HTML page: the base URL leads to something that is not this API';

/** Said in place of a redirect's own words, which are a server's boilerplate. */
const redirectDetail = (host: string | undefined): string =>
  `answered with a redirect${host === undefined ? '' : ` to ${host}`}, which is not followed: the base URL is probably wrong`;

/** What one answer of the API means. */
export function verdictOf(answer: ApiAnswer): Verdict {
  if (answer.kind === 'not-sent') return { kind: 'unavailable', why: answer.why };
  if (answer.kind === 'no-answer') return { kind: 'unknown', why: answer.why };
  const { status, detail } = answer;
  const retryAfter = answer.retryAfterMs === undefined ? {} : { retryAfterMs: answer.retryAfterMs };
  if (status >= 200 && status < 300) {
    return answer.isHtml ? { kind: 'rejected', status, detail: HTML_DETAIL } : { kind: 'succeeded', status };
  }
  if (status >= 300 && status < 400) return { kind: 'rejected', status, detail: redirectDetail(answer.redirectHost) };
  if (status === 401) return { kind: 'unauthorized', status };
  if (status === 429) return { kind: 'throttled', status, ...retryAfter };
  if (status === 503) return { kind: isLostAfterSending(detail) ? 'unknown' : 'unavailable', status, ...retryAfter };
  if (status === 504) return { kind: 'unknown', status, ...retryAfter };
  return { kind: status >= 500 ? 'server-error' : 'rejected', status, detail };
}

/** A sign-in page or a catch-all: not this API's answer, though whoever sent it may have made the reset. */
export const isHtmlPage = (verdict: Verdict): boolean =>
  verdict.kind === 'rejected' && verdict.status >= 200 && verdict.status < 300;

/**
 * Envoy, and proxies of its family, answer 503 also if they lose their upstream after passing the request on, and name the reason
 * (Envoy, "Response code details": `upstream connect error or disconnect/reset before headers. reset reason: …`).
 */
const RESET_REASON = /reset reason: *([^,.;\n]+)/i;
/** The reasons that come before a request is passed on. */
const BEFORE_SENDING = new Set(['connection failure', 'remote connection failure', 'connection timeout', 'overflow']);

function isLostAfterSending(detail: string): boolean {
  const reason = RESET_REASON.exec(detail)?.[1]?.trim().toLowerCase();
  return reason !== undefined && !BEFORE_SENDING.has(reason);
}
