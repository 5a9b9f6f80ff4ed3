import { delimiter, dirname, isAbsolute, join, relative, resolve, sep } from 'node:path';
import { shellWord } from './text.ts';

/** How Node was told to run this program. */
interface Start {
  /** `process.argv0`: "node", or the path of one. */
  node: string;
  /** `process.argv[1]`, which is absolute; a link is not followed. */
  file: string;
  /** The working folder. */
  folder: string;
  env: Record<string, string | undefined>;
  isExecutable(path: string): boolean;
}

/**
 * The words that start the program again from where the operator is: "npx resets". npm passes its variables on to all that its programs
 * start, so each is believed only where the file fits.
 */
export function invocationOf(start: Start): string {
  const { node, file, env } = start;
  const { npm_command: npm, npm_lifecycle_event: event, npm_lifecycle_script: script = '' } = env;
  const name = file.split(sep).at(-1) ?? file;
  // npm links the programs of a package here, for itself and not for the operator's PATH.
  const isLinkedByNpm = dirname(file).endsWith(join('node_modules', '.bin'));
  if (npm !== undefined && isLinkedByNpm) return `npx ${shellWord(name)}`;
  if (event === 'resets' && isOfPackage(start)) return 'npm run resets --';
  if (isOnPath(start, name)) return shellWord(name);

  const path = shellWord(pathOf(start));
  // Shells say so what they have started.
  if (env._ !== undefined && resolve(start.folder, env._) === file) return path.includes('/') ? path : `./${path}`;
  const byNpx = event === 'npx' && /^'?node\b/.test(script) ? 'npx ' : '';
  return `${byNpx}${shellWord(node)} ${path}`;
}

/** It is the package in whose name npm runs something. */
const isOfPackage = ({ file, env }: Start): boolean =>
  env.npm_package_json !== undefined && file.startsWith(dirname(env.npm_package_json) + sep);

function isOnPath({ file, env, isExecutable }: Start, name: string): boolean {
  const first = (env.PATH ?? '')
    .split(delimiter)
    .find((folder) => isAbsolute(folder) && isExecutable(join(folder, name)));
  return first !== undefined && join(first, name) === file;
}

function pathOf({ file, folder, env }: Start): string {
  // npm runs scripts in the package's folder, wherever the operator is.
  if (env.INIT_CWD !== undefined && env.INIT_CWD !== folder) return file;
  const below = relative(folder, file);
  return below.startsWith('..') || isAbsolute(below) ? file : below;
}
