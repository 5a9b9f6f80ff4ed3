import { describe, expect, it } from 'vitest';
import { invocationOf } from '../../../cli/terminal/invocation.ts';

type Start = Parameters<typeof invocationOf>[0];

const HOME = '/home/sam';
const CLONE = '/home/sam/resets clone';
const inClone = (path: string): string => `${CLONE}/${path}`;
const NPX_LINK = '/home/sam/.npm/_npx/c5ca/node_modules/.bin/resets';

/** What npm 11 sets. */
const npm = (command: string, event: string, script: string, from = CLONE): Start['env'] => ({
  npm_command: command,
  npm_lifecycle_event: event,
  npm_lifecycle_script: script,
  npm_package_json: inClone('package.json'),
  INIT_CWD: from,
  PATH: `${inClone('node_modules/.bin')}:/usr/bin`,
});

describe('What a next step begins with', () => {
  it.each<[how: string, start: Partial<Start>, words: string]>([
    ['npx resets', { file: NPX_LINK, env: npm('exec', 'npx', "'resets'") }, 'npx resets'],
    [
      'npm exec resets, as older versions of npm say it',
      { file: NPX_LINK, env: npm('exec', 'npx', 'resets') },
      'npx resets',
    ],
    [
      'a script of the package that says resets',
      { file: inClone('node_modules/.bin/resets'), env: npm('run', 'watch', 'resets status --watch') },
      'npx resets',
    ],
    [
      'npm run resets',
      { file: inClone('cli/main.ts'), env: npm('run', 'resets', 'node cli/main.ts') },
      'npm run resets --',
    ],
    [
      'npm run resets from a folder below',
      { file: inClone('cli/main.ts'), env: npm('run-script', 'resets', 'node cli/main.ts', inClone('docs')) },
      'npm run resets --',
    ],
    [
      'another script of the package, from a folder below',
      { file: inClone('cli/main.ts'), env: npm('run', 'other', 'node cli/main.ts', inClone('docs')) },
      `node '${inClone('cli/main.ts')}'`,
    ],
    [
      'another package that also has a script named resets',
      { file: '/opt/resets.mjs', env: npm('run', 'resets', 'node /opt/resets.mjs') },
      'node /opt/resets.mjs',
    ],
    ['npx node', { file: inClone('cli/main.ts'), env: npm('exec', 'npx', "'node'") }, 'npx node cli/main.ts'],
    [
      'node, inside something else that npx has started',
      { file: inClone('dist/resets.mjs'), env: npm('exec', 'npx', "'vitest'") },
      'node dist/resets.mjs',
    ],
    ['node and a file below', { file: inClone('dist/resets.mjs') }, 'node dist/resets.mjs'],
    ['node and a file elsewhere', { file: '/opt/resets/resets.mjs' }, 'node /opt/resets/resets.mjs'],
    [
      'node and a file whose path has a space',
      { file: inClone('dist/resets.mjs'), folder: HOME },
      "node 'resets clone/dist/resets.mjs'",
    ],
    [
      'a Node that is not on the PATH',
      { node: '/opt/node22/bin/node', file: '/opt/resets.mjs' },
      '/opt/node22/bin/node /opt/resets.mjs',
    ],
    ['the file itself', { file: inClone('dist/resets.mjs'), env: { _: './dist/resets.mjs' } }, 'dist/resets.mjs'],
    [
      'the file itself in its own folder',
      { file: inClone('dist/resets.mjs'), folder: inClone('dist'), env: { _: './resets.mjs' } },
      './resets.mjs',
    ],
    [
      'the file itself by its whole path',
      { file: '/opt/resets.mjs', env: { _: '/opt/resets.mjs' } },
      '/opt/resets.mjs',
    ],
    ['a link on the PATH', { file: '/usr/local/bin/resets', env: { PATH: '/usr/local/bin:/usr/bin' } }, 'resets'],
    [
      'a link that another program of the same name hides',
      { file: '/usr/local/bin/resets', env: { PATH: '/opt/bin:/usr/local/bin' } },
      'node /usr/local/bin/resets',
    ],
    [
      'the link in node_modules, without npm',
      { file: inClone('node_modules/.bin/resets'), env: { _: './node_modules/.bin/resets', PATH: '/usr/bin' } },
      'node_modules/.bin/resets',
    ],
  ])('%s', (_how, start, words) => {
    expect(
      invocationOf({
        node: 'node',
        file: '/opt/resets.mjs',
        folder: CLONE,
        env: { PATH: '/usr/bin' },
        isExecutable: (path) => ['/usr/local/bin/resets', '/opt/bin/resets'].includes(path),
        ...start,
      }),
    ).toBe(words);
  });
});
