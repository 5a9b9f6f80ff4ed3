import { NOTHING_SENT } from '../../sending/send-to-lane.ts';
import { unlessInterrupted } from '../../terminal/interruption.ts';
import { CommandFailed, EXIT, type Io, print, wrongUsage } from '../../terminal/io.ts';
import type { GivenAddress } from './addresses.ts';

/** Several times what the most addresses that are taken can be. */
const MOST_BYTES = 64 * 1024;

/**
 * Reads one address per line, and no more lines than tell that there are too many.
 * @throws CommandFailed when nobody agreed beforehand, at what is no list of addresses, and when it is interrupted.
 */
export async function readAddresses(
  io: Pick<Io, 'stdin' | 'stderr' | 'graceful'>,
  { yes, most }: { yes: boolean | undefined; most: number },
): Promise<GivenAddress[]> {
  if (!yes) {
    throw wrongUsage('The addresses come from standard input, so nobody can be asked there; add --yes to go ahead.');
  }
  if (io.stdin.isTTY) {
    await print(io.stderr, 'Waiting for addresses, one per line; Ctrl-D ends them (on Windows Ctrl-Z and Enter).');
  }
  const addresses = await io.graceful((interrupted) => unlessInterrupted(read(io.stdin, most), interrupted));
  if (addresses === undefined) throw new CommandFailed(NOTHING_SENT, EXIT.interrupted);
  if (addresses.length === 0) throw wrongUsage(`${NOTHING_SENT} Standard input has no address; give one per line.`);
  return addresses;
}

async function read(stdin: Io['stdin'], most: number): Promise<GivenAddress[]> {
  let bytes = Buffer.alloc(0);
  try {
    for await (const chunk of stdin) {
      bytes = Buffer.concat([bytes, Buffer.from(chunk)]);
      if (bytes.includes(0))
        throw wrongUsage(`${NOTHING_SENT} Standard input is not UTF-8 text; give one address per line.`);
      const addresses = addressesIn(bytes);
      if (addresses.length > most) return addresses;
      if (bytes.length > MOST_BYTES) {
        throw wrongUsage(`${NOTHING_SENT} Standard input has lines that are no addresses; give one address per line.`);
      }
    }
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === undefined) throw error;
    throw new CommandFailed(`${NOTHING_SENT} Standard input cannot be read (${code}).`, undefined, error);
  }
  return addressesIn(bytes);
}

const addressesIn = (bytes: Buffer): GivenAddress[] =>
  bytes
    .toString('utf8')
    .split(/\r\n|\r|\n/)
    // A byte order mark counts as white space too.
    .map((line, index) => ({ name: `line ${index + 1}`, email: line.trim() }))
    .filter(({ email }) => email !== '');
