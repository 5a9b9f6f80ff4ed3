import { fileURLToPath } from 'node:url';

/** For the environment of a program that tests start hundreds of times: each run spares the next one half of what it takes to load. */
export const COMPILE_CACHE = {
  NODE_COMPILE_CACHE: fileURLToPath(new URL('../../node_modules/.cache/compiled', import.meta.url)),
};
