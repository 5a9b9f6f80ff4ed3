/** One row of a file, with the line that it begins in, counted from 1, and its trimmed cells. No problem quotes the row. */
export type Row = { line: number; cells: readonly string[] } & (
  | { kind: 'address'; email: string }
  /** None of those that the conditions take. */
  | { kind: 'other' }
  /** `byHand` is an address that mail may reach and that only the API's pattern refuses. */
  | { kind: 'invalid'; problem: string; byHand?: string }
);

/** Takes the rows whose cell in a column is this value, after trimming. */
export interface Condition {
  column: string;
  value: string;
}

export interface AddressFileOptions {
  /** The column of the addresses; default: `email`. */
  emailColumn?: string;
  /** All must hold. */
  where?: readonly Condition[];
}

/** A list of addresses, one per line, or a CSV file with a column of them. */
export class AddressFile {
  readonly path: string;
  /** Undefined where the file is a list of addresses. */
  readonly header: readonly string[] | undefined;

  private constructor(path: string, header: readonly string[] | undefined) {
    this.path = path;
    this.header = header;
  }

  /** Finds header, delimiter and columns. @throws CommandFailed */
  static open(path: string, _options: AddressFileOptions = {}): Promise<AddressFile> {
    return Promise.resolve(new AddressFile(path, undefined));
  }

  /** Reads the file as a stream, from its beginning each time. @throws CommandFailed */
  // biome-ignore lint/correctness/useYield: To be written.
  async *rows(): AsyncGenerator<Row> {
    throw new Error('Not yet written.');
  }

  /** Whether the file is another than it was when it was opened. */
  changed(): Promise<boolean> {
    throw new Error('Not yet written.');
  }

  /** Of its bytes, in hex. */
  sha256(): Promise<string> {
    throw new Error('Not yet written.');
  }
}
