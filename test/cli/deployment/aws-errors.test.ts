import { describe, expect, it } from 'vitest';
import { explain, explanationOf, failureOf } from '../../../cli/deployment/aws-errors.ts';
import { LedgerUnreadable } from '../../../functions/ledger/ledger.ts';
import { failureIn } from '../../support/cli/command-line.ts';

const errorOf = (name: string, message = '', rest: object = {}): Error =>
  Object.assign(new Error(message), { name, ...rest });

describe('A fault of AWS becomes one line that names the thing and the way out', () => {
  it.each<[fault: string, error: unknown, line: RegExp]>([
    [
      'no credentials',
      errorOf('CredentialsProviderError', 'Could not load credentials'),
      /^No AWS credentials.*set AWS_PROFILE/,
    ],
    [
      'an expired session',
      errorOf('CredentialsProviderError', 'The SSO session has expired'),
      /have expired.*aws sso login/,
    ],
    ['an expired token', errorOf('ExpiredTokenException', 'x'), /have expired.*aws sso login/],
    ['a clock that is wrong', errorOf('RequestExpired', 'Request has expired.'), /set this machine's clock right/],
    [
      'a clock that is wrong, in words of the signature',
      errorOf('SignatureDoesNotMatch', 'Signature expired: 20261123T110000Z is now earlier than 20261123T114500Z'),
      /finds the time of a call to be wrong \(SignatureDoesNotMatch\).*queue Q/,
    ],
    [
      'a clock that is ahead',
      errorOf('InvalidSignatureException', 'Signature not yet current: 20261123T130000Z is still later than …'),
      /set this machine's clock right/,
    ],
    ['a secret key that is wrong', errorOf('SignatureDoesNotMatch', 'x'), /rejects the credentials/],
    ['no region', new Error('Region is missing'), /^No AWS region.*set AWS_REGION/],
    ['wrong credentials', errorOf('UnrecognizedClientException'), /rejects the credentials.*AWS_PROFILE/],
    [
      'access denied',
      errorOf('AccessDenied', 'user u may not sqs:SendMessage'),
      /Access to queue Q is denied: user u may not/,
    ],
    ['a queue that is gone', errorOf('QueueDoesNotExist'), /There is no queue Q; check the region/],
    ['a table that is gone', errorOf('ResourceNotFoundException'), /There is no queue Q; check the region/],
    [
      'nobody listening',
      errorOf('Error', 'connect', { code: 'ECONNREFUSED' }),
      /Could not reach AWS for queue Q \(ECONNREFUSED\).*AWS_ENDPOINT_URL/,
    ],
    [
      'a name with several addresses',
      new AggregateError([errorOf('Error', '', { code: 'ECONNREFUSED' })]),
      /\(ECONNREFUSED\)/,
    ],
    ['no such host', errorOf('Error', '', { code: 'ENOTFOUND' }), /\(ENOTFOUND\)/],
    ['no answer', errorOf('TimeoutError', 'x'), /did not answer in time for queue Q/],
    [
      'a connection that broke, which the SDK calls a time-out',
      errorOf('TimeoutError', 'socket hang up', { code: 'ECONNRESET' }),
      /^Could not reach AWS for queue Q \(ECONNRESET\)/,
    ],
    ['throttling', errorOf('ThrottlingException'), /AWS throttles calls for queue Q/],
    [
      'anything else',
      errorOf('Odd', 'first\nsecond \u001b[31m'),
      /^AWS refused the call for queue Q: Odd: first second \\u001b\[31m\.$/,
    ],
  ])('%s', (_fault, error, line) => {
    const explanation = explanationOf('queue Q', error);
    expect(explanation).toMatch(line);
    expect(explanation).not.toContain('\n');
  });

  it('a fault of AWS is a failure that names the thing', async () => {
    expect(await failureIn(explain('queue Q', Promise.reject(errorOf('QueueDoesNotExist'))))).toMatchObject({
      message: expect.stringContaining('queue Q'),
      exitCode: 1,
    });
  });

  it('a ledger that cannot be read is named by its table', () => {
    const failure = failureOf(new LedgerUnreadable('T', errorOf('ResourceNotFoundException')));
    expect(failure?.message).toContain('ledger table T');
  });

  it('a bug of ours is no fault of AWS', () => {
    expect(failureOf(new TypeError('x is undefined'))).toBeUndefined();
  });
});
