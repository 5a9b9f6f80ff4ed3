import { hash, randomBytes } from 'node:crypto';
import { requestIdOf } from '../../functions/ledger/items.ts';

/** Of a request's id, the bytes that tell the address: enough that no two people of a campaign share them. */
export const ID_BYTES = 16;
const ID_KEY_BYTES = 32;
/** More than the API takes. */
const MOST_ADDRESS_BYTES = 4096;

export const newIdKey = (): Uint8Array => randomBytes(ID_KEY_BYTES);

/**
 * What tells an address within a campaign: the first 16 bytes of HMAC-SHA256(id key, lower-cased address). The same address always gives
 * the same; without the key it tells nobody the address, and its order is random.
 */
export type Digester = (email: string) => Buffer;

const BLOCK_BYTES = 64;
const HASH_BYTES = 32;

/** RFC 2104 on one-shot hashes: an object of `createHmac` takes ten times as long, and a million of them much memory. */
export function digesterOf(idKey: Uint8Array): Digester {
  const padded = (mark: number): Buffer => {
    const block = Buffer.alloc(BLOCK_BYTES, mark);
    for (const [at, byte] of idKey.entries()) block[at] = byte ^ mark;
    return block;
  };
  const inner = Buffer.concat([padded(0x36), Buffer.alloc(MOST_ADDRESS_BYTES)]);
  const outer = Buffer.concat([padded(0x5c), Buffer.alloc(HASH_BYTES)]);
  return (email) => {
    const length = inner.write(email.toLowerCase(), BLOCK_BYTES, 'utf8');
    outer.write(hash('sha256', inner.subarray(0, BLOCK_BYTES + length), 'binary'), BLOCK_BYTES, 'latin1');
    return Buffer.from(hash('sha256', outer, 'binary').slice(0, ID_BYTES), 'latin1');
  };
}

/** The id of a campaign's request for an address: "breach-7:" and 32 hexadecimal digits. Sorts as the digests do. */
export const requestIdFor = (campaignId: string, digest: Uint8Array): string =>
  `${campaignId}:${Buffer.from(digest).toString('hex')}`;

/** The form of the ids of a campaign's own requests; another system may send under the campaign with ids of its own. */
export function ownIds(campaignId: string): { prefix: string; length: number } {
  const prefix = `${campaignId}:`;
  return { prefix, length: prefix.length + 2 * ID_BYTES };
}

/** Of the key of a request's item, its digest; undefined where it is no request of the campaign's file. */
export function digestIn(campaignId: string, pk: string): Buffer | undefined {
  const id = requestIdOf(pk);
  const { prefix } = ownIds(campaignId);
  const hex = id.slice(prefix.length);
  return id.startsWith(prefix) && /^[0-9a-f]{32}$/.test(hex) ? Buffer.from(hex, 'hex') : undefined;
}
