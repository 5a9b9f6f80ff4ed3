import { LedgerUnreachable } from '../../functions/ledger/ledger.ts';
import { explanationOf } from '../deployment/aws-errors.ts';
import type { Connection } from '../deployment/connect.ts';
import { CommandFailed } from '../terminal/io.ts';

/** What is said where the ledger's table did not take a write. */
export interface Unwritten {
  /** Where it certainly did not: "Nothing was changed." */
  undone: string;
  /** Where it may have been made all the same, as its answer was lost. @default what is said otherwise */
  unknown?: string;
}

/** A write without which the command does not go on. */
export async function written<T>(connection: Connection, words: Unwritten, write: Promise<T>): Promise<T> {
  try {
    return await write;
  } catch (error) {
    throw writeFailure(connection, words, error);
  }
}

/** These answers say that nothing was done; after others it may have been. */
const REFUSALS = /AccessDenied|NotAuthorized|ResourceNotFound|CredentialsProviderError|TokenProviderError|ExpiredToken/;

/** The failure to throw for an error of a write. */
export function writeFailure(
  { deployment }: Connection,
  { undone, unknown = undone }: Unwritten,
  error: unknown,
): unknown {
  if (!(error instanceof LedgerUnreachable)) return error;
  const { cause } = error;
  const isKnown = cause instanceof Error && REFUSALS.test(cause.name);
  const why = explanationOf(`ledger table ${deployment.ledgerTableName}`, cause);
  return new CommandFailed(`${isKnown ? undone : unknown} ${why}`, undefined, error);
}
