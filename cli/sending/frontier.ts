/** How many of a row of things are done from the first on without a gap, while they are done in any order. */
export class Frontier {
  #leading = 0;
  /** Those that are done beyond the first gap. */
  readonly #beyond = new Set<number>();

  get leading(): number {
    return this.#leading;
  }

  /** @param index counted from 0 */
  done(index: number): void {
    this.#beyond.add(index);
    while (this.#beyond.delete(this.#leading)) this.#leading += 1;
  }
}
