import { ID_BYTES } from './request-ids.ts';

const FIRST_CAPACITY = 1 << 12;
/** More than this share of the slots taken makes long searches. */
const FULL = 0.6;
const NONE = -1;

/** Digests of addresses, each with its number in the order of adding. A million take about 25 MB. */
export class DigestSet {
  #digests = Buffer.alloc(FIRST_CAPACITY * ID_BYTES);
  /** The numbers, at places that the digests tell: digests are random, so that their first bytes spread them evenly. */
  #slots = new Int32Array(2 * FIRST_CAPACITY).fill(NONE);
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** @returns its number; where it was added before, the number it has. */
  add(digest: Uint8Array): number {
    const slot = this.#slotOf(digest);
    const there = this.#slots[slot] ?? NONE;
    if (there !== NONE) return there;
    const index = this.#size;
    if ((index + 1) * ID_BYTES > this.#digests.length) {
      const larger = Buffer.alloc(2 * this.#digests.length);
      this.#digests.copy(larger);
      this.#digests = larger;
    }
    this.#digests.set(digest, index * ID_BYTES);
    this.#slots[slot] = index;
    this.#size += 1;
    if (this.#size > FULL * this.#slots.length) this.#spread();
    return index;
  }

  has(digest: Uint8Array): boolean {
    return this.#slots[this.#slotOf(digest)] !== NONE;
  }

  /** A view of the bytes. */
  at(index: number): Buffer {
    return this.#digests.subarray(index * ID_BYTES, (index + 1) * ID_BYTES);
  }

  /** The numbers in the order of their digests. */
  sorted(): Uint32Array {
    const order = Uint32Array.from({ length: this.#size }, (_, index) => index);
    const digests = this.#digests;
    const view = new DataView(digests.buffer, digests.byteOffset, digests.byteLength);
    return order.sort((one, other) => {
      const difference = view.getUint32(one * ID_BYTES) - view.getUint32(other * ID_BYTES);
      return difference !== 0 ? difference : Buffer.compare(this.at(one), this.at(other));
    });
  }

  /** Where the digest is, or would be put. */
  #slotOf(digest: Uint8Array): number {
    const slots = this.#slots;
    const mask = slots.length - 1;
    const [a = 0, b = 0, c = 0, d = 0] = digest;
    let slot = ((a << 24) | (b << 16) | (c << 8) | d) & mask;
    for (;;) {
      const index = slots[slot] ?? NONE;
      if (index === NONE || this.#isAt(index, digest)) return slot;
      slot = (slot + 1) & mask;
    }
  }

  #isAt(index: number, digest: Uint8Array): boolean {
    const from = index * ID_BYTES;
    for (let at = 0; at < ID_BYTES; at += 1) if (this.#digests[from + at] !== digest[at]) return false;
    return true;
  }

  #spread(): void {
    this.#slots = new Int32Array(2 * this.#slots.length).fill(NONE);
    for (let index = 0; index < this.#size; index += 1) this.#slots[this.#slotOf(this.at(index))] = index;
  }
}
