import { BudgetDamaged } from '../../functions/call-budget/stored-state.ts';
import { LedgerUnreachable, LedgerUnreadable } from '../../functions/ledger/ledger.ts';
import { CommandFailed } from '../terminal/io.ts';
import { plain } from '../terminal/text.ts';

/** Waits for an answer of AWS; a fault becomes one line that says what was asked and what to do. */
export async function explain<T>(what: string, answer: Promise<T>): Promise<T> {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof CommandFailed) throw error;
    throw new CommandFailed(explanationOf(what, error), undefined, error);
  }
}

/** @returns the failure that an error stands for, or undefined if it is a bug of ours. */
export function failureOf(error: unknown): CommandFailed | undefined {
  if (error instanceof CommandFailed) return error;
  if (error instanceof LedgerUnreadable) {
    return new CommandFailed(explanationOf(`ledger table ${error.tableName}`, error.cause), undefined, error);
  }
  if (error instanceof LedgerUnreachable) {
    return new CommandFailed(explanationOf('the ledger table', error.cause), undefined, error);
  }
  if (error instanceof BudgetDamaged) {
    return new CommandFailed(
      `The item "budget" of the ledger table has been changed by hand: ${error.message}. Correct it, or delete it: the worker begins a new one, without holds, pauses, a ceiling that was set and what was learned of the quota.`,
      undefined,
      error,
    );
  }
  return undefined;
}

const DENIED = /AccessDenied|NotAuthorized|UnauthorizedOperation|AuthorizationError/;

/** Whether the caller lacks a permission: what was asked for may be in order all the same. */
export function isDenied(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  return DENIED.test(error.name) || isDenied(error.cause);
}

const EXPIRED = /expired|refresh(ed)? failed/i;
const BROKEN_CODES = ['ECONNRESET', 'EPIPE'];
const UNREACHABLE_CODES = [
  ...BROKEN_CODES,
  'ECONNREFUSED',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'EAI_AGAIN',
  'ETIMEDOUT',
];

/** One line for a fault of the SDK or of AWS. `what` names the thing that was asked for. */
export function explanationOf(what: string, error: unknown): string {
  const { name = '', message = '', code } = (error ?? {}) as { name?: string; message?: string; code?: string };
  if (/CredentialsProviderError|TokenProviderError/.test(name)) {
    return EXPIRED.test(message)
      ? `The AWS credentials have expired (${plain(message)}); renew them, for example with \`aws sso login\`.`
      : 'No AWS credentials were found; set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or run `aws sso login`.';
  }
  if (/region is missing|region not accepted/i.test(message)) {
    return 'No AWS region is set; set AWS_REGION, for example AWS_REGION=eu-central-1, or a region in the profile.';
  }
  // The SDK has set its own clock right by AWS's answer, and tried again: what is left is a proxy that gives the answer another time.
  if (
    /^Request(Expired|TimeTooSkewed|InTheFuture)/.test(name) ||
    /signature (expired|not yet current)/i.test(message)
  ) {
    return `AWS finds the time of a call to be wrong (${name}); set this machine's clock right, and if it is, look at the proxy between. Asked for: ${what}.`;
  }
  if (/^ExpiredToken/.test(name)) {
    return `The AWS credentials have expired; renew them, for example with \`aws sso login\`. Asked for: ${what}.`;
  }
  if (/UnrecognizedClient|InvalidClientTokenId|SignatureDoesNotMatch|InvalidSignature|InvalidAccessKeyId/.test(name)) {
    return `AWS rejects the credentials (${name}); check AWS_PROFILE, the access key and the region. Asked for: ${what}.`;
  }
  if (DENIED.test(name)) {
    return `Access to ${what} is denied: ${plain(message).replace(/\.+$/, '')}; ask for this permission or use another AWS_PROFILE.`;
  }
  if (/QueueDoesNotExist|NonExistentQueue|ResourceNotFound|^NotFound/.test(name)) {
    return `There is no ${what.replace(/^the /, '')}; check the region, the account and the outputs that name it.`;
  }
  const cause = causeCode(error) ?? code;
  // The SDK calls a connection that breaks a time-out, too.
  const isBroken = cause !== undefined && BROKEN_CODES.includes(cause);
  if (!isBroken && (name === 'TimeoutError' || /timed? ?out/i.test(message))) {
    return `AWS did not answer in time for ${what}; check the network, the region and AWS_ENDPOINT_URL, then try again.`;
  }
  if (cause !== undefined && UNREACHABLE_CODES.includes(cause)) {
    return `Could not reach AWS for ${what} (${cause}); check the network, the region and AWS_ENDPOINT_URL, then try again.`;
  }
  if (/Throttl|TooManyRequests|ProvisionedThroughputExceeded|RequestLimitExceeded/.test(name)) {
    return `AWS throttles calls for ${what} (${name}); try again in a minute.`;
  }
  const stranger = strangerIn(error);
  if (stranger !== undefined) {
    return `What answered for ${what} is not AWS (${stranger}): perhaps a proxy or a sign-in page; check the network, the region and AWS_ENDPOINT_URL, then try again.`;
  }
  return `AWS refused the call for ${what}: ${plain([name, message].filter(Boolean).join(': ')).replace(/\.+$/, '')}.`;
}

/**
 * What is known of an answer that has neither a result nor an error of AWS. The SDK then quotes the beginning of its body, which may be
 * anything, and speaks to programmers.
 */
function strangerIn(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined;
  const { $metadata, $response, code } = error as Error & {
    $metadata?: { httpStatusCode?: number };
    $response?: { headers?: Record<string, string> };
    code?: unknown;
  };
  if (typeof code === 'string' && code.startsWith('HPE_')) return 'its words are no HTTP';
  if (error.name !== 'Unknown' && !error.message.includes('Deserialization error')) return undefined;
  const type = $response?.headers?.['content-type'];
  const status = $metadata?.httpStatusCode;
  return [status === undefined ? 'without a status' : `HTTP ${status}`, ...(type ? [plain(type)] : [])].join(', ');
}

/** Node gives an AggregateError if a name has several addresses. */
function causeCode(error: unknown): string | undefined {
  if (error instanceof AggregateError) return causeCode(error.errors[0]);
  const code = (error as { code?: unknown } | undefined)?.code;
  return typeof code === 'string' ? code : undefined;
}
