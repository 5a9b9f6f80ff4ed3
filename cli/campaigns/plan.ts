import { createHash } from 'node:crypto';
import type { EpochMs } from '../../functions/common/clock.ts';
import type { Lane } from '../../functions/contract/reset-request.ts';
import type { Condition } from '../addresses/address-file.ts';
import type { Connection } from '../deployment/connect.ts';
import type { Roster } from './roster.ts';

/** All that changes who is reset where, when and in whose name. */
export interface PlannedCampaign {
  campaignId: string;
  lane: Lane;
  emailColumn: string | undefined;
  where: readonly Condition[];
  notIn: readonly string[];
  reason: string | undefined;
  requestedBy: string | undefined;
  notAfter: EpochMs | undefined;
  /** Requests that are sent first. */
  canary: number | undefined;
  /** As it was typed: "50%". */
  maxFailures: string | undefined;
}

const ALPHABET = 'abcdefghijklmnopqrstuvwxyz234567';
const CHARACTERS = 12;
const BITS = 5;

/**
 * Twelve characters that stand for a campaign as it was previewed: the same options and the same set of people in the same deployment give
 * the same on every machine and in every run, and any difference another. 60 bits of SHA-256, as RFC 4648 writes them in base 32.
 */
export function planOf(
  { deployment, account, region }: Pick<Connection, 'deployment' | 'account' | 'region'>,
  planned: PlannedCampaign,
  roster: Roster,
): string {
  // The table stands for the stack, which each machine may find in a way of its own.
  const place = [deployment.ledgerTableName, account, region, planned.campaignId];
  const { where, notIn, ...rest } = planned;
  const text = JSON.stringify([
    place,
    Object.entries(rest).sort(([one], [other]) => (one < other ? -1 : 1)),
    where.map(({ column, value }) => JSON.stringify([column, value])).sort(),
    [...notIn].sort(),
    // Under a key that everybody can make: the campaign's own is random, and there is none before its start.
    roster.setDigest(sha256(JSON.stringify(place))),
  ]);
  return base32(sha256(text)).slice(0, CHARACTERS);
}

/** As a person copies it from a ticket. */
export const isPlan = (plan: string, typed: string): boolean => typed.trim().toLowerCase() === plan;

const sha256 = (text: string): Buffer => createHash('sha256').update(text).digest();

function base32(bytes: Buffer): string {
  const bits = [...bytes].map((byte) => byte.toString(2).padStart(8, '0')).join('');
  return (bits.match(new RegExp(`.{${BITS}}`, 'g')) ?? []).map((five) => ALPHABET[Number.parseInt(five, 2)]).join('');
}
