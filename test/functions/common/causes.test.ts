import { describe, expect, test } from 'vitest';
import { errorClass, transportCause } from '../../../functions/common/causes.ts';

describe('a word of the transport', () => {
  test.each([
    'timeout',
    'connect-timeout',
    'closed',
    'ENOTFOUND',
    'ECONNREFUSED',
    'CERT_HAS_EXPIRED',
    'ERR_TLS_CERT_ALTNAME_INVALID',
  ])('%s is told as it is', (word) => {
    expect(transportCause(word)).toBe(word);
  });

  test.each([
    ['ERR_SSL_WRONG_VERSION_NUMBER', 'ERR_SSL'],
    ['HPE_INVALID_CONSTANT', 'HPE'],
    ['HPE_of jane.roe@example.com', 'HPE'],
  ])('%s is told by its family, %s', (word, family) => {
    expect(transportCause(word)).toBe(family);
  });

  test.each(['', 'jane.roe@example.com', 'Error', 'HPEX', 'econnrefused', 'xENOTFOUND', 'constructor'])(
    '“%s” is on no list, and is told as other',
    (word) => {
      expect(transportCause(word)).toBe('other');
    },
  );
});

describe('the class of an error', () => {
  const named = (name: string, more: object = {}) =>
    Object.assign(new Error('jane.roe@example.com'), { name, ...more });

  test.each<[string, unknown, string]>([
    ['of the SDK', named('ThrottlingException'), 'ThrottlingException'],
    ['of the SDK, with a code besides', named('AccessDenied', { code: 'x' }), 'AccessDenied'],
    ['of JavaScript', new TypeError('x'), 'TypeError'],
    ['that is plain gives way to the code', named('Error', { code: 'ECONNREFUSED' }), 'ECONNREFUSED'],
    ['of several addresses gives way to the code', named('AggregateError', { code: 'ECONNREFUSED' }), 'ECONNREFUSED'],
    ['that is plain, without a code', named('Error'), 'Error'],
    ['that is plain, with a number for a code', named('Error', { code: 7 }), 'Error'],
    ['that names somebody', named('jane.roe@example.com'), 'other'],
    ['whose code names somebody', named('Error', { code: 'jane.roe@example.com' }), 'other'],
    ['that is a sentence', named('no such queue'), 'other'],
    ['of two lines', named('A\nB'), 'other'],
    ['without end', named('A'.repeat(65)), 'other'],
    ['of something that is no error', 'jane.roe@example.com', 'other'],
    ['of nothing', undefined, 'other'],
  ])('%s', (_, error, word) => {
    expect(errorClass(error)).toBe(word);
  });
});
