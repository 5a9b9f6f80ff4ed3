import { DigestList } from './digest-list.ts';

const FIRST_SLOTS = 1 << 13;
/** More than this share of the slots taken makes long searches. */
const FULL = 0.6;
const NONE = -1;

/** Digests of addresses, each once, with its number in the order of adding. A million take about 25 MB. */
export class DigestSet {
  readonly #digests = new DigestList();
  /** The numbers, at places that the digests tell. */
  #slots = new Int32Array(FIRST_SLOTS).fill(NONE);

  get size(): number {
    return this.#digests.size;
  }

  /** @returns its number; where it was added before, the number it has. */
  add(digest: Uint8Array): number {
    const slot = this.#slotOf(digest);
    const there = this.#slots[slot] ?? NONE;
    if (there !== NONE) return there;
    const index = this.size;
    this.#digests.push(digest);
    this.#slots[slot] = index;
    if (this.size > FULL * this.#slots.length) this.#spread();
    return index;
  }

  /** @returns its number; undefined if it was not added. */
  indexOf(digest: Uint8Array): number | undefined {
    const index = this.#slots[this.#slotOf(digest)] ?? NONE;
    return index === NONE ? undefined : index;
  }

  has(digest: Uint8Array): boolean {
    return this.indexOf(digest) !== undefined;
  }

  /** A view of the bytes. */
  at(index: number): Buffer {
    return this.#digests.at(index);
  }

  /** The numbers in the order of their digests. */
  sorted(): Uint32Array {
    return this.#digests.sorted();
  }

  /** SHA-256 in hex over the sorted digests. */
  sha256(): string {
    return this.#digests.sha256();
  }

  /** Where the digest is, or would be put. */
  #slotOf(digest: Uint8Array): number {
    const slots = this.#slots;
    const mask = slots.length - 1;
    const [a = 0, b = 0, c = 0, d = 0] = digest;
    let slot = ((a << 24) | (b << 16) | (c << 8) | d) & mask;
    for (;;) {
      const index = slots[slot] ?? NONE;
      if (index === NONE || this.#digests.isAt(index, digest)) return slot;
      slot = (slot + 1) & mask;
    }
  }

  #spread(): void {
    this.#slots = new Int32Array(2 * this.#slots.length).fill(NONE);
    const mask = this.#slots.length - 1;
    for (let index = 0; index < this.size; index += 1) {
      let slot = this.#digests.startAt(index) & mask;
      while (this.#slots[slot] !== NONE) slot = (slot + 1) & mask;
      this.#slots[slot] = index;
    }
  }
}
