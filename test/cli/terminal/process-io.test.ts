import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, existsSync, openSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const fileOf = (path: string): string => fileURLToPath(new URL(`../../../${path}`, import.meta.url));

it.each([
  ['cli/main.ts', '--help'],
  ['test/simulation/main.ts', '--list'],
  ['local/main.ts', '--help'],
])('%s %s ends quietly when nobody reads on, as with `| head`', async (file, option) => {
  const child = spawn(process.execPath, [fileOf(file), option], { stdio: ['ignore', 'pipe', 'pipe'] });
  child.stdout.destroy();
  const [[code], errors] = await Promise.all([once(child, 'close'), child.stderr.setEncoding('utf8').toArray()]);
  expect({ code, errors: errors.join('') }).toEqual({ code: 0, errors: '' });
});

it.skipIf(!existsSync('/dev/full'))(
  'output that cannot be written is answered with one line and exit code 1',
  async () => {
    const full = openSync('/dev/full', 'w');
    const child = spawn(process.execPath, [fileOf('cli/main.ts'), '--help'], { stdio: ['ignore', full, 'pipe'] });
    closeSync(full);
    const [[code], errors] = await Promise.all([once(child, 'close'), child.stderr?.setEncoding('utf8').toArray()]);
    expect({ code, errors: errors?.join('') }).toEqual({
      code: 1,
      errors: 'The output cannot be written (ENOSPC); what was to be changed may be changed, see actions.\n',
    });
  },
);

it.skipIf(!existsSync('/dev/full'))('a log that cannot be written ends nothing, and changes no exit code', async () => {
  const full = openSync('/dev/full', 'w');
  const child = spawn(process.execPath, [fileOf('cli/main.ts'), 'no-such-command'], {
    stdio: ['ignore', 'pipe', full],
  });
  closeSync(full);
  const [code] = await once(child, 'close');
  expect(code).toBe(2);
});
