import { type FileHandle, open, stat } from 'node:fs/promises';
import { CommandFailed, wrongUsage } from '../terminal/io.ts';

/** Opens a file for reading. @throws CommandFailed where it is none that can be read more than once */
export async function openRegularFile(path: string): Promise<FileHandle> {
  if (path === '-') {
    throw wrongUsage('Standard input is not read, since the file is read more than once; save it as a file first.');
  }
  let isDirectory: boolean;
  try {
    const found = await stat(path);
    // Opening a pipe would wait for somebody to write to it.
    if (found.isFile()) return await open(path, 'r');
    isDirectory = found.isDirectory();
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const why = code === 'ENOENT' ? 'does not exist' : `cannot be read (${code})`;
    throw new CommandFailed(`The file ${path} ${why}; check its name and your permissions.`, undefined, error);
  }
  throw new CommandFailed(
    isDirectory
      ? `${path} is a directory; give one file.`
      : `${path} is not a regular file; it is read more than once, so save it as one first.`,
  );
}

/** Leaves room for a first line that is too long to be one of a list of people. */
const START_BYTES = 128 * 1024;

/** The first bytes of a file, and what tells whether it has changed between two readings. */
export async function startOf(path: string): Promise<{ start: Buffer; fingerprint: string }> {
  const handle = await openRegularFile(path);
  try {
    const { ino, size, mtimeNs } = await handle.stat({ bigint: true });
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(START_BYTES), 0, START_BYTES, 0);
    return { start: buffer.subarray(0, bytesRead), fingerprint: [ino, size, mtimeNs].join(' ') };
  } finally {
    await handle.close();
  }
}

/** What a file is that is no text in UTF-8 or another extension of ASCII, as the end of a sentence; told by its first bytes. */
export function otherThanText(bytes: Buffer): string | undefined {
  if (bytes.subarray(0, 2).equals(Buffer.from('PK'))) {
    return 'is a spreadsheet or an archive; save the sheet with the addresses as "CSV UTF-8"';
  }
  const mark = bytes.subarray(0, 2).toString('hex');
  const half = bytes.length / 2;
  // Of UTF-16 without a mark, every other byte of Latin text is 0.
  const zeros = [0, 0];
  for (const [at, byte] of bytes.entries()) if (byte === 0) zeros[at % 2] = (zeros[at % 2] ?? 0) + 1;
  const [even = 0, odd = 0] = zeros;
  if (mark === 'fffe' || mark === 'feff' || Math.abs(even - odd) > half / 2) {
    return 'is UTF-16 text; save it as "CSV UTF-8" or as a plain list of addresses';
  }
  return even + odd > 0 ? 'is not text; save it as "CSV UTF-8" or as a plain list of addresses' : undefined;
}
