import { createHash } from 'node:crypto';
import { DigestSet } from './digest-set.ts';
import { type Digester, digesterOf, requestIdFor } from './request-ids.ts';

const FIRST_BYTES = 1 << 16;
const FIRST_ROWS = 1 << 12;

/** One of the people, and their request. */
export interface Person {
  email: string;
  /** Of the file, counted from 1. */
  line: number;
  requestId: string;
}

/** The people of a campaign: each address once, with the line of the file that it stands in. A million addresses take about 90 MB. */
export class Roster {
  readonly campaignId: string;
  readonly #digest: Digester;
  readonly #digests = new DigestSet();
  /** The addresses one after another: they are ASCII, as the API's pattern has it. */
  #text = Buffer.alloc(FIRST_BYTES);
  #textLength = 0;
  /** Where each address ends. */
  #ends = new Uint32Array(FIRST_ROWS);
  #lines = new Uint32Array(FIRST_ROWS);
  #order: Uint32Array | undefined;

  constructor(campaignId: string, idKey: Uint8Array) {
    this.campaignId = campaignId;
    this.#digest = digesterOf(idKey);
  }

  get size(): number {
    return this.#digests.size;
  }

  /** @returns the line of the same address, whatever its capitals, where it was added before; that one stays. */
  add(email: string, line: number): number | undefined {
    const before = this.size;
    const index = this.#digests.add(this.#digest(email));
    if (index < before) return this.#lines[index];
    if (index >= this.#lines.length) {
      this.#lines = larger(this.#lines);
      this.#ends = larger(this.#ends);
    }
    if (this.#textLength + email.length > this.#text.length) {
      const text = Buffer.alloc(2 * this.#text.length);
      this.#text.copy(text);
      this.#text = text;
    }
    this.#textLength += this.#text.write(email, this.#textLength, 'latin1');
    this.#lines[index] = line;
    this.#ends[index] = this.#textLength;
    this.#order = undefined;
    return undefined;
  }

  has(email: string): boolean {
    return this.#digests.has(this.#digest(email));
  }

  /** By its place in the order of the request ids, which is random by address, and the same each time. */
  person(place: number): Person {
    const index = this.#sorted[place];
    if (index === undefined) throw new RangeError(`There is no place ${place} among ${this.size}.`);
    return {
      email: this.#emailAt(index),
      line: this.#lines[index] ?? 0,
      requestId: requestIdFor(this.campaignId, this.#digests.at(index)),
    };
  }

  /** The first place whose request id is not below this one; the size if there is none. */
  placeOf(requestId: string): number {
    let [from, to] = [0, this.size];
    while (from < to) {
      const middle = (from + to) >>> 1;
      if (this.person(middle).requestId < requestId) from = middle + 1;
      else to = middle;
    }
    return from;
  }

  /** The people in the order of their lines. */
  *inFileOrder(): Generator<Pick<Person, 'email' | 'line'>> {
    for (let index = 0; index < this.size; index += 1) {
      yield { email: this.#emailAt(index), line: this.#lines[index] ?? 0 };
    }
  }

  /** SHA-256 in hex that tells this set of addresses from any other: over the sorted digests, those of the request ids or under another key. */
  setDigest(idKey?: Uint8Array): string {
    const digests = idKey === undefined ? this.#digests : this.#digestsUnder(idKey);
    const hash = createHash('sha256');
    for (const index of digests.sorted()) hash.update(digests.at(index));
    return hash.digest('hex');
  }

  #digestsUnder(idKey: Uint8Array): DigestSet {
    const digests = new DigestSet();
    const digest = digesterOf(idKey);
    for (const { email } of this.inFileOrder()) digests.add(digest(email));
    return digests;
  }

  #emailAt(index: number): string {
    const from = index === 0 ? 0 : this.#ends[index - 1];
    return this.#text.toString('latin1', from, this.#ends[index]);
  }

  get #sorted(): Uint32Array {
    this.#order ??= this.#digests.sorted();
    return this.#order;
  }
}

function larger(array: Uint32Array): Uint32Array<ArrayBuffer> {
  const copy = new Uint32Array(2 * array.length);
  copy.set(array);
  return copy;
}
