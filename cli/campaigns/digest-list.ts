import { ID_BYTES } from './request-ids.ts';

const BLOCK = 1 << 16;

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
    const order = Uint32Array.from({ length: this.#size }, (_, index) => index);
    return order.sort((one, other) => {
      const difference = this.startAt(one) - this.startAt(other);
      return difference !== 0 ? difference : Buffer.compare(this.at(one), this.at(other));
    });
  }

  #blockOf(index: number): Buffer {
    const block = this.#blocks[Math.floor(index / BLOCK)];
    if (block === undefined) throw new RangeError(`There is no digest ${index} among ${this.#size}.`);
    return block;
  }
}
