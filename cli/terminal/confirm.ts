import { createInterface } from 'node:readline';
import { CommandFailed, EXIT, type Io, print, wrongUsage } from './io.ts';
import { counted } from './text.ts';

/** Refuses early if nobody can be asked, before any work is done. */
export function requireConsent(io: Pick<Io, 'stdin' | 'stderr'>, yes: boolean | undefined): void {
  if (yes || (io.stdin.isTTY && io.stderr.isTTY)) return;
  throw wrongUsage('There is no terminal to ask on; add --yes to go ahead without being asked.');
}

export interface Question {
  /** Asked and agreed to otherwise. */
  yes: boolean | undefined;
  about: readonly string[];
  undone: string;
  /** What is changed so many times is not agreed to by a letter: the number must be typed. */
  typed?: { count: number; one: string; many: string } | undefined;
}

/**
 * Says what is about to be done and asks, unless `yes` was given.
 * @throws CommandFailed when the answer is no, or an interruption.
 */
export async function confirm(
  io: Pick<Io, 'stdin' | 'stderr'>,
  { yes, about, undone, typed }: Question,
): Promise<void> {
  requireConsent(io, yes);
  for (const line of about) await print(io.stderr, line);
  if (yes) return;
  const answer = await ask(
    io,
    typed === undefined
      ? 'Go ahead? [y/N] '
      : `To go ahead with ${counted(typed.count, typed.one, typed.many)}, type that number: `,
  );
  if (answer === 'interrupted') throw new CommandFailed(undone, EXIT.interrupted);
  const isYes = typed === undefined ? /^y(es)?$/i.test(answer.trim()) : isNumber(answer, typed.count);
  if (!isYes) throw new CommandFailed(undone);
}

/** As it is shown, with marks between the thousands, or without. */
const isNumber = (answer: string, count: number): boolean => answer.trim().replaceAll(/[,.' ]/g, '') === String(count);

function ask(io: Pick<Io, 'stdin' | 'stderr'>, question: string): Promise<string> {
  const terminal = createInterface({ input: io.stdin, output: io.stderr });
  return new Promise<string>((resolve) => {
    // What comes next begins a line of its own.
    const endWith = (answer: string): void => {
      io.stderr.write('\n');
      resolve(answer);
    };
    const ended = (): void => endWith('');
    terminal.question(question, (answer) => {
      terminal.off('close', ended);
      resolve(answer);
    });
    terminal.on('SIGINT', () => {
      terminal.off('close', ended);
      endWith('interrupted');
    });
    // Ctrl-D, the end of the input, is no answer, so it is a no.
    terminal.on('close', ended);
  }).finally(() => terminal.close());
}
