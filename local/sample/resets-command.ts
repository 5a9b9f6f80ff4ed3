import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const COMMAND = fileURLToPath(new URL('../../cli/main.ts', import.meta.url));

/** `resets` ended with an exit code other than 0. */
export class ResetsFailed extends Error {
  override name = 'ResetsFailed';
}

/**
 * Runs the command line as a person would, in a separate process.
 * @param input for its standard input.
 * @returns what it printed on standard output.
 * @throws {ResetsFailed} with what it printed on standard error.
 */
export function runResets(
  args: readonly string[],
  environment: Record<string, string>,
  signal: AbortSignal,
  input = '',
): Promise<string> {
  const env = { PATH: process.env.PATH ?? '', ...environment };
  return new Promise((resolve, reject) => {
    const child = execFile(process.execPath, [COMMAND, ...args], { env, signal }, (error, stdout, stderr) => {
      if (error === null) resolve(stdout);
      else reject(new ResetsFailed(`resets ${args[0]} failed: ${stderr.trim() || error.message}`));
    });
    child.stdin?.end(input);
  });
}
