import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Metafile } from 'esbuild';
import { bundledProgram, writeProgram } from '../../../cli/bundle.ts';

export interface BuiltProgram {
  /** The one file, in a folder that holds nothing else. */
  file: string;
  folder: string;
  metafile: Metafile;
  remove(): Promise<void>;
}

export async function buildProgram(): Promise<BuiltProgram> {
  const folder = await mkdtemp(join(tmpdir(), 'resets-built-'));
  const program = await bundledProgram();
  const file = join(folder, 'resets.mjs');
  writeProgram(file, program);
  return { file, folder, metafile: program.metafile, remove: () => rm(folder, { recursive: true }) };
}
