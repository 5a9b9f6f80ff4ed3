import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build, type Metafile, type Plugin } from 'esbuild';

const PROJECT = fileURLToPath(new URL('..', import.meta.url));

/** `.mjs` makes it ESM without a package.json beside it. */
export const BUNDLE_FILE = 'dist/resets.mjs';

/** In words that old ones understand. */
const REFUSE_OLD_NODE = `if (Number(process.versions.node.split('.')[0]) < 22 || !process.getBuiltinModule) {
  console.error('resets: Node 22.3 or later is needed, and this is ' + process.versions.node + '.');
  process.exit(1);
}`;

/** An import statement loads a module of Node at the start, whoever asks for it: `node:http` alone takes a fifth of the time of `--help`. */
const BUILTINS_WHEN_USED: Plugin = {
  name: 'builtins-when-used',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^[a-z]/ }, ({ path }) => (isBuiltin(path) ? { path, namespace: 'builtin' } : undefined));
    onLoad({ filter: /./, namespace: 'builtin' }, ({ path }) => ({
      contents: `module.exports = process.getBuiltinModule('${path}');`,
    }));
  },
};

interface BundledProgram {
  contents: Uint8Array;
  /** What is in it, and what loads what. */
  metafile: Metafile;
}

/**
 * The command line in one file, which needs nothing but Node 22 or later. The same sources give the same bytes on every machine.
 * Unlike the worker's bundle it has the SDK's whole chain of credentials: operators use profiles, single sign-on and processes.
 */
export async function bundledProgram(): Promise<BundledProgram> {
  const { outputFiles, metafile } = await build({
    absWorkingDir: PROJECT,
    entryPoints: ['cli/main.ts'],
    outfile: BUNDLE_FILE,
    write: false,
    metafile: true,
    bundle: true,
    platform: 'node',
    target: 'node22',
    format: 'esm',
    minify: true,
    // A bug is reported with its class.
    keepNames: true,
    legalComments: 'none',
    logLevel: 'error',
    // A position in a stack trace is only useful if lines are short.
    lineLimit: 160,
    // The SDK's ES modules are smaller than their CommonJS twins.
    mainFields: ['module', 'main'],
    banner: { js: REFUSE_OLD_NODE },
    plugins: [BUILTINS_WHEN_USED],
  });
  const [file] = outputFiles;
  if (file === undefined) throw new Error('esbuild gave no file');
  return { contents: file.contents, metafile };
}

/** Writes a file that can be executed. */
export function writeProgram(file: string, { contents }: Pick<BundledProgram, 'contents'>): void {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, contents);
  chmodSync(file, 0o755);
}
