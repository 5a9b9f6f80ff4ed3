import { createHash } from 'node:crypto';
import { access, type FileHandle, open, rm } from 'node:fs/promises';
import { CommandFailed } from './io.ts';

/** A file that a command makes for the operator alone: it may hold whole addresses. It is never one that was there before. */
export class NewFile {
  readonly #option: string;
  readonly #path: string;
  readonly #handle: FileHandle;
  readonly #hash = createHash('sha256');

  private constructor(option: string, path: string, handle: FileHandle) {
    this.#option = option;
    this.#path = path;
    this.#handle = handle;
  }

  /** @param option names the path in what is said of it. @throws CommandFailed where there is one already, or it can't be made */
  static async create(option: string, path: string): Promise<NewFile> {
    try {
      return new NewFile(option, path, await open(path, 'wx', 0o600));
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === 'EEXIST') throw isThere(option, path);
      const why = `cannot be made (${code}); check its folder and your permissions`;
      throw new CommandFailed(`${option}: ${path} ${why}.`, undefined, error);
    }
  }

  /** @throws CommandFailed where it can't be written any further: the disk is full, say. */
  async write(text: string): Promise<void> {
    this.#hash.update(text);
    try {
      await this.#handle.appendFile(text);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      throw new CommandFailed(`${this.#option}: ${this.#path} cannot be written (${code}).`, undefined, error);
    }
  }

  /** @returns the SHA-256 of what it holds, in hex. */
  async close(): Promise<string> {
    await this.#handle.close();
    return this.#hash.digest('hex');
  }

  /** Takes it away again. */
  async discard(): Promise<void> {
    await this.#handle.close();
    await rm(this.#path);
  }
}

const isThere = (option: string, path: string): CommandFailed =>
  new CommandFailed(`${option}: ${path} exists already, and no file is written over; give another name.`);

/** Refuses early what could not be made later, before any work is done. @throws CommandFailed */
export async function requireNoFile(option: string, path: string): Promise<void> {
  const isFree = await access(path).then(
    () => false,
    () => true,
  );
  if (!isFree) throw isThere(option, path);
}
