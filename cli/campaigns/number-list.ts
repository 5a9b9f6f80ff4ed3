const BLOCK = 1 << 16;

/** Whole numbers from 0 to 2^32 - 1, in the order of adding. Grows by blocks, so that it is never in memory twice. */
export class NumberList {
  readonly #blocks: Uint32Array[] = [];
  #size = 0;

  get size(): number {
    return this.#size;
  }

  push(value: number): void {
    const at = this.#size % BLOCK;
    if (at === 0) this.#blocks.push(new Uint32Array(BLOCK));
    const block = this.#blocks.at(-1);
    if (block !== undefined) block[at] = value;
    this.#size += 1;
  }

  /** @returns 0 beyond the end. */
  at(index: number): number {
    return this.#blocks[Math.floor(index / BLOCK)]?.[index % BLOCK] ?? 0;
  }
}
