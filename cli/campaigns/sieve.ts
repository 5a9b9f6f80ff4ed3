import type { EpochMs } from '../../functions/common/clock.ts';
import type { AddressFile, Row } from '../addresses/address-file.ts';
import type { Connection } from '../deployment/connect.ts';
import type { Io } from '../terminal/io.ts';
import type { Roster } from './roster.ts';

/** A row of the operator's file and what becomes of it. */
export type SiftedRow =
  | Extract<Row, { kind: 'other' | 'invalid' }>
  | (Pick<Row, 'line' | 'cells'> &
      (
        | { kind: 'taken'; email: string; requestId: string }
        /** `file` is the list of excluded accounts. */
        | { kind: 'excluded'; file: string }
        | { kind: 'duplicate'; firstLine: number }
        | { kind: 'reset before'; campaignId: string }
      ));

/** Accounts that are never reset. */
export interface ExcludedAccounts {
  /** As the operator gave the file. */
  name: string;
  /** By the digest under the key of the campaign that is sent. */
  has(digest: Uint8Array): boolean;
}

/** Who was reset in another campaign. */
export interface ResetBefore {
  campaignId: string;
  has(email: string): boolean;
}

export interface Sieve {
  /** Who is taken is added to it. */
  roster: Roster;
  excluded: readonly ExcludedAccounts[];
  resetIn: readonly ResetBefore[];
}

/** Tells of each row what becomes of it: other, invalid, excluded, duplicate, reset before or taken; the first that applies. */
// biome-ignore lint/correctness/useYield: To be written.
export async function* sift(_file: AddressFile, _sieve: Sieve): AsyncGenerator<SiftedRow> {
  throw new Error('Not yet written.');
}

/** Reads the lists of excluded accounts: those given, and those of RESETS_EXCLUDE. @throws CommandFailed */
export async function readExcludes(
  _io: Pick<Io, 'env'>,
  _paths: readonly string[],
  _roster: Roster,
): Promise<ExcludedAccounts[]> {
  throw new Error('Not yet written.');
}

/** Reads from the ledger who was reset in a campaign, `before` a time if one is given. @throws CommandFailed */
export async function resetIn(
  _connection: Pick<Connection, 'ledger' | 'campaigns'>,
  _campaignId: string,
  _before?: EpochMs,
): Promise<ResetBefore> {
  throw new Error('Not yet written.');
}
