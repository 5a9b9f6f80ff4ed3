import type { BudgetStore } from '../../../functions/call-budget/shared-item.ts';
import type { BudgetState } from '../../../functions/call-budget/state.ts';
import type { Clock } from '../../../functions/common/clock.ts';
import { LedgerUnreachable } from '../../../functions/ledger/ledger.ts';

export interface MemoryBudgetStore extends BudgetStore {
  item: BudgetState | undefined;
  reads: number;
  /** Writes asked for, and those of them that met another's. */
  writes: number;
  conflicts: number;
  /** How long a read or a write takes, there and back. */
  latencyMs(): number;
  broken: boolean;
  /** Called once as the next write has been applied and before it is answered. */
  afterNextWrite: (() => Promise<void> | void) | undefined;
}

/** The budget's item in memory, with the table's one condition. Nothing is shared with who reads or writes it. */
export function memoryBudgetStore(clock: Clock): MemoryBudgetStore {
  const copyOf = (state: BudgetState | undefined) => structuredClone(state);
  const onTheWay = async () => {
    if (store.broken) throw new LedgerUnreachable(new Error('It is broken.'));
    const halfMs = store.latencyMs() / 2;
    if (halfMs > 0) await clock.sleep(halfMs);
  };
  const store: MemoryBudgetStore = {
    item: undefined,
    reads: 0,
    writes: 0,
    conflicts: 0,
    latencyMs: () => 0,
    broken: false,
    afterNextWrite: undefined,
    async read() {
      store.reads += 1;
      await onTheWay();
      const found = copyOf(store.item);
      await onTheWay();
      return found;
    },
    async write(next) {
      store.writes += 1;
      await onTheWay();
      const isNext = (store.item?.revision ?? 0) === next.revision - 1;
      if (isNext) store.item = copyOf(next);
      else store.conflicts += 1;
      const current = copyOf(store.item);
      if (isNext && store.afterNextWrite) {
        const { afterNextWrite } = store;
        store.afterNextWrite = undefined;
        await afterNextWrite();
      }
      await onTheWay();
      return isNext ? { kind: 'written' } : { kind: 'conflict', current };
    },
  };
  return store;
}
