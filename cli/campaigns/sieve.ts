import { delimiter } from 'node:path';
import type { EpochMs } from '../../functions/common/clock.ts';
import { reachedAt } from '../../functions/ledger/items.ts';
import { AddressFile, type Row } from '../addresses/address-file.ts';
import type { Connection } from '../deployment/connect.ts';
import { CommandFailed, type Io } from '../terminal/io.ts';
import { plain } from '../terminal/text.ts';
import { DigestSet } from './digest-set.ts';
import { digesterOf, digestIn, requestIdFor } from './request-ids.ts';
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
  /** How many more were reset by its totals than the ledger still knows. */
  forgotten: number;
  has(email: string): boolean;
}

export interface Sieve {
  /** Who is taken is added to it. */
  roster: Roster;
  excluded: readonly ExcludedAccounts[];
  resetIn: readonly ResetBefore[];
}

/** Tells of each row what becomes of it: other, invalid, excluded, duplicate, reset before or taken; the first that applies. */
export async function* sift(file: AddressFile, { roster, excluded, resetIn }: Sieve): AsyncGenerator<SiftedRow> {
  for await (const row of file.rows()) {
    if (row.kind !== 'address') {
      yield row;
      continue;
    }
    const { line, cells, email } = row;
    const digest = roster.digestOf(email);
    const list = excluded.find((one) => one.has(digest));
    const firstLine = list === undefined ? roster.lineOf(digest) : undefined;
    if (list !== undefined) yield { kind: 'excluded', line, cells, file: list.name };
    else if (firstLine !== undefined) yield { kind: 'duplicate', line, cells, firstLine };
    else {
      const before = resetIn.find((one) => one.has(email));
      if (before !== undefined) {
        yield { kind: 'reset before', line, cells, campaignId: before.campaignId };
        continue;
      }
      roster.add(email, line, digest);
      yield { kind: 'taken', line, cells, email, requestId: requestIdFor(roster.campaignId, digest) };
    }
  }
}

/** The option and the variable that name lists of excluded accounts. */
const EXCLUDE = { option: '--exclude', variable: 'RESETS_EXCLUDE' } as const;

/**
 * Reads the lists of excluded accounts: those given, and those of RESETS_EXCLUDE, which names one or several as PATH does.
 * @throws CommandFailed where one can't be read, or a line of it is no address
 */
export async function readExcludes(
  { env }: Pick<Io, 'env'>,
  paths: readonly string[],
  roster: Pick<Roster, 'digestOf'>,
): Promise<ExcludedAccounts[]> {
  const standing = (env[EXCLUDE.variable] ?? '').split(delimiter).filter((path) => path.trim() !== '');
  // Who names a list in both ways means one list.
  const sources = new Map<string, string>();
  for (const path of standing) sources.set(path, EXCLUDE.variable);
  for (const path of paths) sources.set(path, EXCLUDE.option);
  const lists: ExcludedAccounts[] = [];
  for (const [path, source] of sources) lists.push(await readExclude(path, source, roster));
  return lists;
}

async function readExclude(path: string, source: string, roster: Pick<Roster, 'digestOf'>): Promise<ExcludedAccounts> {
  const digests = new DigestSet();
  try {
    for await (const row of (await AddressFile.open(path, { isFixed: true })).rows()) {
      if (row.kind === 'address') digests.add(roster.digestOf(row.email));
      // What only the API refuses is no mistake, and is never reset anyway. Any other may be a misspelt account that nobody protects.
      else if (row.kind === 'invalid' && row.byHand === undefined) {
        throw new CommandFailed(
          `line ${row.line} of ${path} ${row.problem}, and so excludes nobody; correct it, or take it out.`,
        );
      }
    }
  } catch (error) {
    if (!(error instanceof CommandFailed)) throw error;
    throw new CommandFailed(`${source}: ${error.message}`, error.exitCode, error);
  }
  return { name: path, has: (digest) => digests.has(digest) };
}

/** A request is ended by its copy's clock, 2 s off at most, and the other campaign by AWS's, which is known to 1.5 s. */
const CLOCKS_DIFFER_MS = 5_000;

/**
 * Reads from the ledger who was reset in a campaign, `before` a time if one is given. Of them it keeps digests only.
 * @throws CommandFailed where nobody can tell who it was
 */
export async function resetIn(
  { ledger, campaigns }: Pick<Connection, 'ledger' | 'campaigns'>,
  campaignId: string,
  before?: EpochMs,
): Promise<ResetBefore> {
  const campaign = await ledger.findCampaign(campaignId);
  if (campaign === undefined) {
    throw new CommandFailed(
      `--not-in: the ledger knows no campaign ${plain(campaignId)}; "campaign list --all" has those that it knows.`,
    );
  }
  const idKey = await campaigns.idKey(campaignId);
  if (idKey === undefined) {
    const why = campaign.sent === undefined ? 'was not sent from a file' : 'has lost the key of its request ids';
    throw new CommandFailed(
      `--not-in: campaign ${campaignId} ${why}, so nobody can tell whom it reset; take those people out of the file, or exclude them.`,
    );
  }
  const digests = new DigestSet();
  let known = 0;
  for await (const item of ledger.list({ campaign: campaignId, state: 'succeeded' })) {
    const digest = digestIn(campaignId, item.pk);
    if (digest === undefined) continue;
    known += 1;
    if (before === undefined || reachedAt(item) < before + CLOCKS_DIFFER_MS) digests.add(digest);
  }
  const forgotten = Math.max(0, (campaign.totals?.succeeded ?? 0) - known);
  const digestOf = digesterOf(idKey);
  return { campaignId, forgotten, has: (email) => digests.has(digestOf(email)) };
}
