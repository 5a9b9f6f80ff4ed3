import type { Outage, OutageForm } from './options.ts';

/** What the API did with one call; `status` 0 for none. */
export interface Judgement {
  status: number;
  madeReset: boolean;
  /** The caller can't know whether the reset was made. */
  isUnknown: boolean;
  retryAfterMs?: number;
  /** How the caller sees it where there is no status. */
  silence?: 'not-sent' | 'timeout' | 'cut';
  /** The words of the answer. */
  detail?: string;
  /** A page of HTML in place of the API's answer. */
  isPage?: boolean;
  /** An outage for everybody took this call: no fault of its request. */
  isOutage?: boolean;
}

const RETRY_AFTER_MS = 10_000;
/** Envoy's words where its upstream went away after it had passed the request on. */
const LOST_UPSTREAM = 'upstream connect error or disconnect/reset before headers. reset reason: connection termination';

export const RESET: Judgement = { status: 200, madeReset: true, isUnknown: false };
/** 200, and no reset: a page that is not the API's. */
export const PAGE: Judgement = { status: 200, madeReset: false, isUnknown: true, isPage: true };

export const refusal = (status: number, detail = 'no'): Judgement => ({
  status,
  madeReset: false,
  isUnknown: false,
  detail,
});

/** A call that came to nothing that anybody can rely on: perhaps it made the reset. */
export const unknown = (status: number, madeReset: boolean): Judgement => ({ status, madeReset, isUnknown: true });

export const silence = (how: 'timeout' | 'cut', madeReset: boolean): Judgement => ({
  ...unknown(0, madeReset),
  silence: how,
});

export const NOT_SENT: Judgement = { status: 0, madeReset: false, isUnknown: false, silence: 'not-sent' };

/** One call in an outage. @param ghost whether it made the reset, where that cannot be known. */
export function outageJudgement(form: OutageForm, ghost: boolean, retryAfter: boolean): Judgement {
  switch (form) {
    case '503':
      return { ...refusal(503), ...(retryAfter ? { retryAfterMs: RETRY_AFTER_MS } : {}) };
    case 'refused':
      return NOT_SENT;
    case '504':
    case '502':
    case '500':
      return unknown(Number(form), ghost);
    case 'hang':
      return silence('timeout', ghost);
    case 'cut':
      return silence('cut', ghost);
    case 'proxy-503':
      return { ...unknown(503, ghost), detail: LOST_UPSTREAM };
  }
}

export const isWhole = ({ odds, every }: Outage): boolean => odds === undefined && every === undefined;
