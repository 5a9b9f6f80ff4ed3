import type { Lane } from '../../functions/contract/reset-request.ts';
import type { Context } from '../deployment/connect.ts';
import type { CanaryResult } from './canary.ts';

/** The campaign that a canary belongs to. */
export interface CanaryCampaign {
  campaignId: string;
  lane: Lane;
  /** Rows of the campaign that are not sent yet. */
  rest: number;
  /** The command that goes on with the campaign, to be pasted: "npx resets campaign start people.csv --id breach-7". */
  wayOn: string;
}

/** What came of a canary, whole: also the advice on the brake. The first line begins with "Canary". */
export function canaryLines(
  _result: CanaryResult,
  _campaign: CanaryCampaign,
  _names: Pick<Context, 'command'>,
): string[] {
  throw new Error('To be written.');
}

/** As `--json` prints it. Every member is always there. */
export function canaryJson(_result: CanaryResult) {
  throw new Error('To be written.');
}

/**
 * One line that advises to switch the brake off, where so many users are rejected that the brake would hold the lane by chance.
 * For the preview of a campaign whose canary was watched before; {@link canaryLines} holds it already.
 * @param ended how many requests have ended, `rejected` of them as rejected.
 */
export function brakeAdvice(
  _share: Pick<CanaryResult, 'rejected'> & { ended: number },
  _campaign: { rows: number; lane: Lane },
  _names: Pick<Context, 'command'>,
): string | undefined {
  throw new Error('To be written.');
}
