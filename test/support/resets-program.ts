import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { CREDENTIALS, REGION } from '../../local/aws/account.ts';
import type { LocalSystem } from '../../local/system.ts';
import { COMPILE_CACHE } from './compile-cache.ts';

const MAIN = fileURLToPath(new URL('../../cli/main.ts', import.meta.url));

export interface Ended {
  code: number;
  out: string;
  err: string;
}

/**
 * Runs `resets` against a local system, in a process of its own: the SDK takes its endpoint from the environment, and several systems run in
 * one test file.
 */
export async function resetsOn(
  { awsEndpoint, stackName, outputs }: Pick<LocalSystem, 'awsEndpoint' | 'stackName' | 'outputs'>,
  args: readonly string[],
): Promise<Ended> {
  const folder = await mkdtemp(join(tmpdir(), 'outputs-'));
  const file = join(folder, 'outputs.json');
  await writeFile(file, JSON.stringify({ [stackName]: outputs }));
  const env = {
    PATH: process.env.PATH,
    ...COMPILE_CACHE,
    AWS_ENDPOINT_URL: awsEndpoint,
    AWS_REGION: REGION,
    AWS_ACCESS_KEY_ID: CREDENTIALS.accessKeyId,
    AWS_SECRET_ACCESS_KEY: CREDENTIALS.secretAccessKey,
    RESETS_OUTPUTS: file,
  };
  try {
    return await new Promise((resolve) => {
      const child = execFile(process.execPath, [MAIN, ...args], { env }, (error, out, err) =>
        resolve({ code: error === null ? 0 : Number(error.code), out, err }),
      );
      child.stdin?.end();
    });
  } finally {
    await rm(folder, { recursive: true });
  }
}
