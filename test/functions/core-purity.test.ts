import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

/** Folders of the core, and the files in them that talk to a service. */
const FOLDERS = ['common', 'ledger', 'call-budget', 'reset-worker/core'];
const ADAPTERS = ['dynamo-store.ts'];
const files = FOLDERS.flatMap((folder) => {
  const url = new URL(`../../functions/${folder}/`, import.meta.url);
  return readdirSync(url)
    .filter((name) => name.endsWith('.ts') && !ADAPTERS.includes(name))
    .map((name) => new URL(name, url));
});

/** What the linter's rule on globals cannot see: members of globals that are otherwise welcome, and modules. */
const TAKEN_NOT_ASKED_FOR = [
  /\bDate\.now\b/,
  /\bnew Date\(\s*\)/,
  /\bperformance\b/,
  /\bhrtime\b/,
  /\bMath\.random\b/,
  /\brandom(UUID|Bytes|Int)\b/,
  /\bcrypto\.getRandomValues\b/,
  /\bset(Timeout|Interval|Immediate)\b/,
  /\bAbortSignal\.timeout\b/,
  /\bprocess\b(?!-)/,
  /\bconsole\b/,
  /\bfetch\(/,
  /\bglobalThis\b/,
  /from '(?!\.{1,2}\/|node:crypto'|aws-lambda'|zod\/mini')/,
];

describe('the core asks for time, chance and the environment; it never takes them', () => {
  it.each(files.map((file) => [file.pathname.split('/').slice(-2).join('/'), file]))('%s', (_, file) => {
    const code = readFileSync(file, 'utf8').replace(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, '');
    for (const pattern of TAKEN_NOT_ASKED_FOR) expect(code).not.toMatch(pattern);
  });

  it('in all of its files', () => {
    expect(files.length).toBeGreaterThanOrEqual(15);
  });
});
