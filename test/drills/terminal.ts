import { dirname } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { spawn } from '@lydell/node-pty';

/** More than the longest command takes. */
const LIMIT_MS = 180_000;
/** One is answered with yes, the other with the number that it names. */
const QUESTIONS = /\[y\/N\] |To go ahead with ([\d,]+) [^:]+: /g;
/** `aws sqs` does not look at AWS_ENDPOINT_URL (https://github.com/aws/aws-cli/issues/8737). */
const AWS_AT_ENDPOINT = 'aws() { command aws --endpoint-url "$AWS_ENDPOINT_URL" "$@"; }';

export interface Typed {
  code: number;
  /** What was shown, without what places and colours it. */
  lines: string[];
}

/** Types a script into a terminal, as an operator pastes it, and agrees to every question. */
export function typed(script: string, folder: string, variables: Record<string, string>): Promise<Typed> {
  const { PATH = '', HOME = '', LANG = 'C.UTF-8' } = process.env;
  // This Node first: the machine's own may be too old for the checkout.
  const env = {
    PATH: `${dirname(process.execPath)}:${PATH}`,
    HOME,
    LANG,
    NO_COLOR: '1',
    npm_config_progress: 'false',
    ...variables,
  };
  const terminal = spawn('bash', ['-e', '-c', `${AWS_AT_ENDPOINT}\n${script}`], {
    cols: 200,
    rows: 50,
    cwd: folder,
    env,
  });
  let shown = '';
  let answered = 0;
  terminal.onData((data) => {
    shown += data;
    const asked = [...shown.matchAll(QUESTIONS)].slice(answered);
    answered += asked.length;
    for (const [, count = 'y'] of asked) terminal.write(`${count}\r`);
  });
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      terminal.kill('SIGKILL');
      reject(new Error(`After ${LIMIT_MS / 1000} s this was still running: ${script}\n${shown}`));
    }, LIMIT_MS);
    terminal.onExit(({ exitCode }) => {
      clearTimeout(timer);
      const lines = stripVTControlCharacters(shown).split(/[\r\n]+/);
      resolve({ code: exitCode, lines: lines.map((line) => line.trimEnd()).filter((line) => line !== '') });
    });
  });
}
