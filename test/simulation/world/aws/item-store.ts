import type { Sandbox } from './sandbox.ts';
import type { Service } from './service.ts';

/** One item that all sandboxes share, with conditional writes: what a shared budget needs of the ledger, without any SDK. */
export interface ItemStore<T extends object> {
  get(): Promise<T | undefined>;
  /** Writes the next item if the condition holds of the present one, as one step. @returns the item that is then there. */
  putIf(holds: (current: T | undefined) => boolean, next: T): Promise<{ written: boolean; current: T | undefined }>;
}

/** Counts what the accesses would be priced: a consistent read, or a write, each of an item below a kilobyte and outside the index. */
export class SharedItem {
  current: object | undefined;
  readonly #service: Service;
  readonly #units: { reads: number; writes: number };

  constructor(service: Service, units: { reads: number; writes: number }) {
    this.#service = service;
    this.#units = units;
  }

  storeOf<T extends object>(sandbox: Sandbox): ItemStore<T> {
    return {
      get: () =>
        this.#service.call(sandbox, () => {
          this.#units.reads += 1;
          return structuredClone(this.current) as T | undefined;
        }),
      putIf: (holds, next) =>
        this.#service.call(sandbox, () => {
          this.#units.writes += 1;
          const written = holds(this.current as T | undefined);
          if (written) this.current = structuredClone(next);
          return { written, current: structuredClone(this.current) as T | undefined };
        }),
    };
  }
}
