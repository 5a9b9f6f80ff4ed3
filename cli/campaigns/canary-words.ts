import { BRAKE_REJECTIONS } from '../../functions/call-budget/holds.ts';
import type { Lane } from '../../functions/contract/reset-request.ts';
import type { Context } from '../deployment/connect.ts';
import { counted, cut, listing, number, plain } from '../terminal/text.ts';
import { CANARY_MS, type CanaryResult, tallyWords } from './canary.ts';
import type { FailureGroup } from './canary-tally.ts';

/** The campaign that a canary belongs to. */
export interface CanaryCampaign {
  campaignId: string;
  lane: Lane;
  /** Rows of the campaign that are not sent yet. */
  rest: number;
  /** The command that goes on with the campaign, to be pasted: "npx resets campaign start people.csv --id breach-7". */
  wayOn: string;
}

type Names = Pick<Context, 'command'>;

const GROUPS_TOLD = 10;
const DETAIL_CHARACTERS = 120;
/** A brake that is less likely than this is no reason to go without it. */
const LEAST_CHANCE = 0.05;

/** What came of a canary, whole: also the advice on the brake. The first line begins with "Canary". */
export function canaryLines(result: CanaryResult, campaign: CanaryCampaign, names: Names): string[] {
  const { rest, lane, wayOn } = campaign;
  const { end, groups, isBrakeOff, rejected, reset, failed } = result;
  const share = { rejected, ended: reset + failed };
  const advice = isBrakeOff ? undefined : brakeAdvice(share, { rows: rest, lane }, names);
  const advised = advice === undefined ? [] : [advice];
  switch (end) {
    case 'passed': {
      const causes = groups.length === 0 ? '' : ` (${causesIn(groups)})`;
      const next = rest === 0 ? 'That was the whole campaign.' : 'Sending the rest.';
      return [`Canary: ${tallyWords(result)}${causes}. ${next}`, ...advised];
    }
    case 'interrupted':
      return [
        `Canary: ${tallyWords(result)}, not decided yet. Its requests are sent${rest === 0 ? '' : `; ${unsent(rest)}`}. Go on with: ${wayOn}`,
      ];
    case 'stopped':
      return [
        `Canary stopped: ${whyStopped(result, campaign)}`,
        ...groupLines(groups),
        ...(rest === 0 ? [] : [`${unsent(rest)}.`]),
        ...waysOn(result, campaign, names),
        ...advised,
      ];
  }
}

const unsent = (rest: number): string => `${counted(rest, 'row')} ${rest === 1 ? 'is' : 'are'} not sent`;

function whyStopped(result: CanaryResult, { campaignId, lane }: CanaryCampaign): string {
  const { why, max, size, open } = result;
  const tally = tallyWords(result);
  switch (why) {
    case 'cancelled':
      return `campaign ${campaignId} is cancelled; ${tally}.`;
    case 'brake':
      return `the brake holds lane ${lane}, after ${BRAKE_REJECTIONS} rejections in a row; ${tally}.`;
    case 'time':
      return `${number(open)} still open after ${CANARY_MS / 60_000} min count as failed; ${tally}. At most ${number(max.of(size))} may fail (--max-failures ${max.typed}).`;
    default:
      return `${tally}. At most ${number(max.of(size))} may fail (--max-failures ${max.typed}).`;
  }
}

function groupLines(groups: readonly FailureGroup[]): string[] {
  if (groups.length === 0) return [];
  const told = groups.slice(0, GROUPS_TOLD).map((group): [string, string] => {
    const detail = group.detail === undefined ? '' : `: ${cut(plain(group.detail), DETAIL_CHARACTERS)}`;
    return [number(group.count), `${causeOf(group)}${detail}`];
  });
  const others = groups.slice(GROUPS_TOLD).reduce((sum, { count }) => sum + count, 0);
  return listing(others === 0 ? told : [...told, [number(others), 'for other causes']]);
}

const causeOf = ({ cause, status }: FailureGroup): string => (status === undefined ? cause : `${cause} ${status}`);

/** "rejected 404: 2, server-error 500: 1". */
function causesIn(groups: readonly FailureGroup[]): string {
  const counts = new Map<string, number>();
  for (const group of groups) counts.set(causeOf(group), (counts.get(causeOf(group)) ?? 0) + group.count);
  return [...counts].map(([cause, count]) => `${cause}: ${number(count)}`).join(', ');
}

function waysOn({ why, open }: CanaryResult, { campaignId, rest, wayOn }: CanaryCampaign, { command }: Names) {
  const anew = `under another id, with --not-in ${campaignId} for those who are reset`;
  if (why === 'cancelled') return [`A cancelled id stays cancelled; start ${anew}.`];
  return [
    ...(why === 'time' ? [`See what holds it up: ${command('status')}; watch it for ten minutes more: ${wayOn}`] : []),
    `If the file, the URL or the token's owner is wrong: put that right and start ${anew}.`,
    ...(why === 'brake' ? [`If they are not: ${command('budget release')} lets the lane go on.`] : []),
    ...(rest === 0 ? [] : [`To send the rest all the same: ${wayOn} --continue`]),
    ...(open === 0 ? [] : [`To drop what is open, for good: ${command(`campaign cancel ${campaignId}`)}`]),
  ];
}

/** As `--json` prints it. Every member is always there. */
export const canaryJson = ({ end, why, size, reset, failed, rejected, open, max, groups }: CanaryResult) => ({
  end,
  why: why ?? null,
  size,
  reset,
  failed,
  rejected,
  open,
  allowed: max.of(size),
  failures: groups.map(({ cause, status, detail, count }) => ({
    cause,
    status: status ?? null,
    detail: detail ?? null,
    count,
  })),
});

/**
 * One line that advises to switch the brake off, where so many users are rejected that chance alone would begin it. With a share p of
 * rejections in random order, runs of 20 begin about rows · (1 − p) · p²⁰ times; where all are rejected the brake is right.
 * For the preview of a campaign that goes on; {@link canaryLines} holds it already.
 * @param share how many requests have ended, and how many of them as rejected.
 */
export function brakeAdvice(
  { rejected, ended }: Pick<CanaryResult, 'rejected'> & { ended: number },
  { rows, lane }: { rows: number; lane: Lane },
  { command }: Names,
): string | undefined {
  if (ended === 0) return undefined;
  const share = rejected / ended;
  const runs = rows * (1 - share) * share ** BRAKE_REJECTIONS;
  if (runs <= LEAST_CHANCE) return undefined;
  const percent = Math.min(99, Math.round(100 * (1 - Math.exp(-runs))));
  return `${number(rejected)} of ${number(ended)} were rejected. Among ${counted(rows, 'row')} like these the chance of ${BRAKE_REJECTIONS} rejections in a row is about ${percent}%, and then the brake holds lane ${lane}. If such users are to be expected, switch it off first: ${command(`budget release --brake-off 8h --lane ${lane}`)}`;
}
