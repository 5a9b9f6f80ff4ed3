import type { SiftedRow } from './sieve.ts';

/** The file of `--left-out`: each row that is not taken, with its cause. */
export class LeftOutFile {
  /** Makes the file, for its owner alone. @throws CommandFailed where there is one already, or it can't be made */
  static create(_path: string): Promise<LeftOutFile> {
    throw new Error('Not yet written.');
  }

  /** Of the rows that are taken nothing is written. */
  write(_row: SiftedRow): Promise<void> {
    throw new Error('Not yet written.');
  }

  close(): Promise<void> {
    throw new Error('Not yet written.');
  }

  /** Takes the file away again, where it did not come to a whole survey. */
  discard(): Promise<void> {
    throw new Error('Not yet written.');
  }
}
