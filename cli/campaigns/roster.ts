import { DigestList } from './digest-list.ts';
import { DigestSet } from './digest-set.ts';
import { NumberList } from './number-list.ts';
import { type Digester, digesterOf, requestIdFor } from './request-ids.ts';

/** Far more than the longest address. */
const BLOCK_BYTES = 1 << 20;
/** Of the length that stands before each address. */
const LENGTH_BYTES = 2;

/** One of the people, and their request. */
export interface Person {
  email: string;
  /** Of the file, counted from 1. */
  line: number;
  requestId: string;
}

/** The people of a campaign: each address once, with the line of the file that it stands in. A million addresses take about 75 MB. */
export class Roster {
  readonly campaignId: string;
  readonly #digest: Digester;
  readonly #digests = new DigestSet();
  /** The addresses one after another, each behind its length: they are ASCII, as the API's pattern has it. */
  readonly #blocks: Buffer[] = [];
  #end = 0;
  readonly #starts = new NumberList();
  readonly #lines = new NumberList();
  #order: Uint32Array | undefined;

  constructor(campaignId: string, idKey: Uint8Array) {
    this.campaignId = campaignId;
    this.#digest = digesterOf(idKey);
  }

  get size(): number {
    return this.#digests.size;
  }

  /** What tells an address in this campaign. */
  digestOf(email: string): Buffer {
    return this.#digest(email);
  }

  /**
   * @param digest that of the address, for whoever has it.
   * @returns the line of the same address, whatever its capitals, where it was added before; that one stays.
   */
  add(email: string, line: number, digest = this.#digest(email)): number | undefined {
    const before = this.size;
    const index = this.#digests.add(digest);
    if (index < before) return this.#lines.at(index);
    this.#lines.push(line);
    this.#keep(email);
    this.#order = undefined;
    return undefined;
  }

  /** The line of an address that was added. */
  lineOf(digest: Uint8Array): number | undefined {
    const index = this.#digests.indexOf(digest);
    return index === undefined ? undefined : this.#lines.at(index);
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
      line: this.#lines.at(index),
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
      yield { email: this.#emailAt(index), line: this.#lines.at(index) };
    }
  }

  /** SHA-256 in hex that tells this set of addresses from any other: over the sorted digests, those of the request ids or under another key. */
  setDigest(idKey?: Uint8Array): string {
    return (idKey === undefined ? this.#digests : this.#digestsUnder(idKey)).sha256();
  }

  #digestsUnder(idKey: Uint8Array): DigestList {
    const digests = new DigestList();
    const digest = digesterOf(idKey);
    for (const { email } of this.inFileOrder()) digests.push(digest(email));
    return digests;
  }

  #keep(email: string): void {
    const room = BLOCK_BYTES - (this.#end % BLOCK_BYTES);
    if (room === BLOCK_BYTES || room < LENGTH_BYTES + email.length) {
      this.#end = this.#blocks.length * BLOCK_BYTES;
      this.#blocks.push(Buffer.alloc(BLOCK_BYTES));
    }
    const from = this.#end % BLOCK_BYTES;
    const block = this.#blocks.at(-1);
    block?.writeUInt16LE(email.length, from);
    block?.write(email, from + LENGTH_BYTES, 'latin1');
    this.#starts.push(this.#end);
    this.#end += LENGTH_BYTES + email.length;
  }

  #emailAt(index: number): string {
    const start = this.#starts.at(index);
    const block = this.#blocks[Math.floor(start / BLOCK_BYTES)];
    const from = (start % BLOCK_BYTES) + LENGTH_BYTES;
    return block?.toString('latin1', from, from + block.readUInt16LE(from - LENGTH_BYTES)) ?? '';
  }

  get #sorted(): Uint32Array {
    this.#order ??= this.#digests.sorted();
    return this.#order;
  }
}
