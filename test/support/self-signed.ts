import { generateKeyPairSync, sign } from 'node:crypto';

type Der = Buffer;

const der = (tag: number, ...parts: Der[]): Der => {
  const content = Buffer.concat(parts);
  const { length } = content;
  const size = length < 128 ? [length] : length < 256 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from([tag, ...size]), content]);
};
const sequence = (...parts: Der[]): Der => der(0x30, ...parts);
const oid = (hex: string): Der => der(0x06, Buffer.from(hex, 'hex'));
const integer = (value: number): Der => der(0x02, Buffer.from([value]));
const bits = (content: Der): Der => der(0x03, Buffer.from([0]), content);
const time = (date: Date): Der => der(0x18, Buffer.from(`${date.toISOString().replace(/\D/g, '').slice(0, 14)}Z`));

const COMMON_NAME = '550403';
const BASIC_CONSTRAINTS = '551d13';
const SUBJECT_ALT_NAME = '551d11';
const ECDSA_WITH_SHA256 = '2a8648ce3d040302';
const DAY_MS = 24 * 60 * 60 * 1000;

/**
 * A certificate that nobody trusts unless told to, made for the occasion (X.509 v3, P-256), so that no key lies in the repository.
 * @param ip the IPv4 address that it is for.
 */
export function selfSigned(ip: string): { key: string; cert: string } {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const algorithm = sequence(oid(ECDSA_WITH_SHA256));
  const name = sequence(der(0x31, sequence(oid(COMMON_NAME), der(0x0c, Buffer.from('for tests only')))));
  const names = sequence(der(0x87, Buffer.from(ip.split('.').map(Number))));
  const isAuthority = sequence(der(0x01, Buffer.from([0xff])));
  const tbs = sequence(
    der(0xa0, integer(2)),
    integer(1),
    algorithm,
    name,
    sequence(time(new Date(Date.now() - DAY_MS)), time(new Date(Date.now() + DAY_MS))),
    name,
    publicKey.export({ type: 'spki', format: 'der' }),
    der(
      0xa3,
      sequence(
        sequence(oid(BASIC_CONSTRAINTS), der(0x04, isAuthority)),
        sequence(oid(SUBJECT_ALT_NAME), der(0x04, names)),
      ),
    ),
  );
  const certificate = sequence(tbs, algorithm, bits(sign('sha256', tbs, privateKey)));
  const lines = certificate.toString('base64').match(/.{1,64}/g) ?? [];
  return {
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    cert: `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n`,
  };
}
