import { createHash } from 'node:crypto';
import { ID_BYTES } from './request-ids.ts';

const BLOCK = 1 << 16;
/** So many can be sorted. A number below it and 27 bits of a digest are a whole number that a double holds. */
const MOST = 2 ** 26;

/** Digests of addresses, in the order of adding. Grows by blocks, so that it is never in memory twice; a million take 16 MB. */
export class DigestList {
  readonly #blocks: Buffer[] = [];
  #size = 0;

  get size(): number {
    return this.#size;
  }

  push(digest: Uint8Array): void {
    const at = this.#size % BLOCK;
    if (at === 0) this.#blocks.push(Buffer.alloc(BLOCK * ID_BYTES));
    this.#blocks.at(-1)?.set(digest, at * ID_BYTES);
    this.#size += 1;
  }

  /** A view of the bytes. */
  at(index: number): Buffer {
    const from = (index % BLOCK) * ID_BYTES;
    return this.#blockOf(index).subarray(from, from + ID_BYTES);
  }

  isAt(index: number, digest: Uint8Array): boolean {
    const from = (index % BLOCK) * ID_BYTES;
    const block = this.#blockOf(index);
    for (let at = 0; at < ID_BYTES; at += 1) if (block[from + at] !== digest[at]) return false;
    return true;
  }

  /** The first four bytes, as a number. Digests are random, so that these spread them evenly. */
  startAt(index: number): number {
    return this.#blockOf(index).readUInt32BE((index % BLOCK) * ID_BYTES);
  }

  /** The numbers in the order of their digests. */
  sorted(): Uint32Array {
    // Sorted by a function, a million would take ten times as long; by their first bits they are in order but for a few.
    const keys = new Float64Array(this.#size);
    for (let index = 0; index < keys.length; index += 1) keys[index] = (this.startAt(index) >>> 5) * MOST + index;
    const order = new Uint32Array(keys.sort().length);
    for (const [place, key] of keys.entries()) order[place] = key % MOST;
    for (let end = 1; end < order.length; end += 1) {
      for (let place = end; place > 0 && this.#isBefore(order[place], order[place - 1]); place -= 1) {
        [order[place - 1], order[place]] = [order[place] ?? 0, order[place - 1] ?? 0];
      }
    }
    return order;
  }

  /** SHA-256 in hex over the sorted digests. */
  sha256(): string {
    const hash = createHash('sha256');
    const block = Buffer.alloc(BLOCK);
    let end = 0;
    for (const index of this.sorted()) {
      const from = (index % BLOCK) * ID_BYTES;
      this.#blockOf(index).copy(block, end, from, from + ID_BYTES);
      end += ID_BYTES;
      if (end === block.length) {
        hash.update(block);
        end = 0;
      }
    }
    return hash.update(block.subarray(0, end)).digest('hex');
  }

  /** Of two that stand next to each other by their first bits. */
  #isBefore(one = 0, other = 0): boolean {
    return this.startAt(one) >>> 5 === this.startAt(other) >>> 5 && Buffer.compare(this.at(one), this.at(other)) < 0;
  }

  #blockOf(index: number): Buffer {
    const block = this.#blocks[Math.floor(index / BLOCK)];
    if (block === undefined) throw new RangeError(`There is no digest ${index} among ${this.#size}.`);
    return block;
  }
}
