import { LANES } from '../../../functions/contract/reset-request.ts';
import type { Connection } from '../../deployment/connect.ts';
import { actionJson } from '../actions.ts';
import { budgetFigures, budgetJson, tenths } from '../budget-figures.ts';
import { RECENT_MINUTES } from '../campaigns/campaign-row.ts';
import { queued } from '../lane-counts.ts';
import { known } from '../reading.ts';
import { rfc3339 } from '../rfc3339.ts';
import { holdJson } from '../standing-holds.ts';
import type { LedgerCounts } from './ledger-counts.ts';
import type { Totals } from './running-totals.ts';
import { type Situation, timeLeftMs, unreadIn } from './situation.ts';
import type { Verdict } from './verdict.ts';

/** What `status --json` prints. Every member is always there: null where it was not read, or is not known. */
export function situationJson(
  { deployment, account, region }: Pick<Connection, 'deployment' | 'account' | 'region'>,
  situation: Situation,
  verdict: Verdict,
  totals: Totals,
) {
  const { at, lanes, deadLetterQueue, budget, recent, actions, secret } = situation;
  const letters = known(deadLetterQueue);
  const counts = 'counts' in totals ? totals.counts : undefined;
  const leftMs = timeLeftMs(situation);
  const resets = known(recent);
  const { kind, sentence, meaning, runbook = null, next = null } = verdict;
  return {
    at: rfc3339(at),
    deployment: deployment.name,
    account,
    region,
    verdict: { kind, sentence, meaning, runbook, next, holds: kind === 'held' ? verdict.holds.map(holdJson) : [] },
    lanes: Object.fromEntries(LANES.map((lane) => [lane, known(lanes[lane]) ?? null])),
    deadLetters: {
      queue: letters ?? null,
      byReason: counts?.deadLetters ?? null,
      unexplained: letters === undefined || counts === undefined ? null : unexplained(queued(letters), counts),
    },
    budget: budget.ok ? budgetJson(budgetFigures(budget.value, situation.ceiling, at)) : null,
    recent:
      resets === undefined
        ? null
        : { minutes: RECENT_MINUTES, resets: resets.resets, perMinute: tenths(resets.perMinute) },
    timeLeftSeconds: leftMs === undefined ? null : Math.round(leftMs / 1000),
    actions: actions.ok ? actions.value.map((action) => actionJson(action, at)) : null,
    secret: secret.kind,
    requests: counts === undefined ? null : { ...counts.states, unconfirmed: counts.unconfirmed },
    unread: [...unreadIn(situation), ...(totals.kind === 'failed' ? [{ what: 'totals', why: totals.why }] : [])],
  };
}

/** Letters in the queue beyond those that the ledger knows of; below zero if the queue holds fewer. An estimate. */
export const unexplained = (letters: number, { states }: LedgerCounts): number => letters - states.failed;
