/** What the transport can say of a call that was not answered: words of a closed list, so that nothing foreign reaches a log. */
const TRANSPORT_CAUSES = [
  // Our own.
  'timeout',
  'connect-timeout',
  'closed',
  // The look-up of the name.
  'ENOTFOUND',
  'EAI_AGAIN',
  // The connection.
  'ECONNREFUSED',
  'ECONNRESET',
  'ECONNABORTED',
  'EPIPE',
  'EPROTO',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENETDOWN',
  'EADDRNOTAVAIL',
  'EMFILE',
  // The certificate.
  'CERT_HAS_EXPIRED',
  'CERT_NOT_YET_VALID',
  'CERT_REVOKED',
  'CERT_UNTRUSTED',
  'CERT_SIGNATURE_FAILURE',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'INVALID_CA',
  'INVALID_PURPOSE',
  'ERR_TLS_CERT_ALTNAME_INVALID',
  // The rest of TLS, and an answer that is no HTTP.
  'ERR_SSL',
  'HPE',
  'other',
] as const;
export type TransportCause = (typeof TRANSPORT_CAUSES)[number];

/** Node's codes of these families are many, and end in a detail that nobody needs: `ERR_SSL_WRONG_VERSION_NUMBER`, `HPE_INVALID_CONSTANT`. */
const FAMILIES = ['ERR_SSL', 'HPE'] as const;

/** A word of the transport, such as an error's code, as one of the list. */
export function transportCause(word: string): TransportCause {
  const known = TRANSPORT_CAUSES.find((cause) => cause === word);
  return known ?? FAMILIES.find((family) => word.startsWith(`${family}_`)) ?? 'other';
}

/** A class's name or a code: letters, digits and `_`, so no address, no host and no sentence. */
const CLASS_OR_CODE = /^\w{1,64}$/;

/** An error's class or code, such as `ThrottlingException` or `ECONNREFUSED`: a word that may be logged. */
export function errorClass(error: unknown): string {
  if (!(error instanceof Error)) return 'other';
  // The class says nothing if it is one of these, as for a refused connection; the code does.
  const isPlain = error.name === 'Error' || error.name === 'AggregateError';
  const word = isPlain && 'code' in error && typeof error.code === 'string' ? error.code : error.name;
  return CLASS_OR_CODE.test(word) ? word : 'other';
}
