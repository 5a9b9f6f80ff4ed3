type Numbers = Uint8Array | Uint16Array | Int32Array | Float64Array;

/** A growing column of numbers, without an object a row: a million rows of a few columns fit into some megabytes. */
export class Column {
  #numbers: Numbers;

  constructor(numbers: Numbers) {
    this.#numbers = numbers;
  }

  get(row: number): number {
    return this.#numbers[row] ?? 0;
  }

  set(row: number, value: number): void {
    if (row >= this.#numbers.length) this.#grow(row + 1);
    this.#numbers[row] = value;
  }

  add(row: number, more: number): number {
    const sum = this.get(row) + more;
    this.set(row, sum);
    return sum;
  }

  #grow(rows: number): void {
    const Kind = this.#numbers.constructor as new (length: number) => Numbers;
    const grown = new Kind(Math.max(rows, this.#numbers.length * 2, 1024));
    grown.set(this.#numbers);
    this.#numbers = grown;
  }
}

export const bytes = (): Column => new Column(new Uint8Array(0));
export const shorts = (): Column => new Column(new Uint16Array(0));
export const integers = (): Column => new Column(new Int32Array(0));
export const times = (): Column => new Column(new Float64Array(0));
