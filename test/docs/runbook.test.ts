import { mkdtempDisposableSync, readdirSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, test } from 'vitest';
import { run } from '../../cli/program.ts';
import { OUTPUTS } from '../../functions/contract/stack-outputs.ts';
import { synthesize } from '../../infra/synthesize.ts';
import { onTerminal, testIo } from '../support/cli/command-line.ts';
import { docOf, type Part, scriptsIn, sectionsOf } from '../support/runbook.ts';
import { type Command, commandsOf } from '../support/shell.ts';

const RUNBOOK = docOf('docs/runbook.md');
const SECTIONS = sectionsOf(RUNBOOK);
const headings = SECTIONS.map(({ heading }) => heading);
const sectionOf = (heading: string) => SECTIONS.find((section) => section.heading === heading);

interface AlarmResource {
  Type: string;
  Properties: { AlarmName?: string; AlarmDescription?: string };
}

/** Each alarm of the stack with the headings that its description quotes. */
function alarms(): { id: string; quoted: string[] }[] {
  using folder = mkdtempDisposableSync(join(tmpdir(), 'synthesized-'));
  const context = { apiBaseUrl: 'https://example-corp.console.ves.volterra.io' };
  const { templateFile } = synthesize({ outdir: folder.path, context });
  const { Resources } = JSON.parse(readFileSync(templateFile, 'utf8')) as { Resources: Record<string, AlarmResource> };
  return Object.entries(Resources)
    .filter(([, { Type }]) => Type === 'AWS::CloudWatch::Alarm' || Type === 'AWS::CloudWatch::CompositeAlarm')
    .map(([id, { Properties }]) => ({
      id,
      quoted: [...JSON.stringify(Properties.AlarmDescription ?? '').matchAll(/docs\/runbook\.md, \\"(.+?)\\"/g)].map(
        ([, heading = '']) => heading,
      ),
    }));
}

/** As GitHub and others make them. */
const anchorOf = (heading: string): string =>
  heading
    .toLowerCase()
    .replaceAll(/[^a-z0-9 -]/g, '')
    .replaceAll(' ', '-');

describe('The runbook and the alarms', () => {
  const ALARMS = alarms();
  const quoted = new Set(ALARMS.flatMap((alarm) => alarm.quoted));

  it('every alarm quotes a section, and every section that is quoted is there', () => {
    expect(ALARMS.filter((alarm) => alarm.quoted.length === 0)).toEqual([]);
    expect([...quoted].filter((heading) => !headings.includes(heading))).toEqual([]);
  });

  it('what it lists as told by an alarm is what alarms quote', () => {
    const table =
      sectionOf('When an alarm rings')
        ?.text.match(/^\|.*\|$/gm)
        ?.join('\n') ?? '';
    const listed = [...table.matchAll(/\[([^\]]+)\]\(#/g)].map(([, heading]) => heading);
    expect(listed.sort()).toEqual([...quoted].sort());
  });
});

describe('The runbook', () => {
  const ROUTINE: readonly string[] = [
    'Runbook',
    'When an alarm rings',
    'After a deployment',
    'Who did what',
    'Permissions for operators',
    'Read the log',
    'Drills',
  ];
  const ORDER: readonly Part[] = ['means', 'look', 'do', 'worked'];
  /** Whoever reads "Stop now" knows what to do and does not look first. */
  const WITHOUT: Record<string, readonly Part[]> = { 'The work is held': ['worked'], 'Stop now': ['look', 'do'] };

  test.each(headings.filter((heading) => !ROUTINE.includes(heading)))(
    'says of "%s" what it means, where to look, what to do and how to know that it worked',
    (heading) => {
      const wanted = ORDER.filter((part) => !WITHOUT[heading]?.includes(part));
      expect(Object.keys(sectionOf(heading)?.parts ?? {})).toEqual(wanted);
    },
  );

  it('has each heading once, and a section for each link within it', () => {
    expect(new Set(headings).size).toBe(headings.length);
    const anchors = headings.map(anchorOf);
    const links = [...RUNBOOK.matchAll(/\]\(#([^)]+)\)/g)].map(([, anchor = '']) => anchor);
    expect(links.filter((anchor) => !anchors.includes(anchor))).toEqual([]);
  });
});

const DOCS = readdirSync(new URL('../../docs', import.meta.url)).filter((name) => name.endsWith('.md'));
const PAGES = ['README.md', 'CONTRIBUTING.md', ...DOCS.map((name) => `docs/${name}`)];

const SCRIPTS = PAGES.flatMap((page) => scriptsIn(docOf(page)).map((script) => ({ page, script })));
/** What is wrong with a script is told by a test, below. */
function partsOf(script: string): { commands: readonly Command[]; fault?: string } {
  try {
    return { commands: commandsOf(script) };
  } catch (error) {
    return { commands: [], fault: String(error) };
  }
}
const COMMANDS = SCRIPTS.flatMap(({ page, script }) => partsOf(script).commands.map((words) => ({ page, words })));
const lineOf = ({ page, words }: { page: string; words: readonly string[] }) => `${page}: ${words.join(' ')}`;

const PROGRAMS = new Set([
  'npx',
  'npm',
  'aws',
  'jq',
  'curl',
  'git',
  'export',
  'grep',
  'printf',
  'cat',
  'rm',
  'sleep',
  'umask',
  'read',
]);

/** What the reader fills in. */
const PLACEHOLDERS = new Set([
  'ADDRESS',
  'ALARM',
  'ACTION',
  'BACKUP-ARN',
  'CAMPAIGN',
  'FUNCTION',
  'REGION',
  'RESTORED',
  'STACK',
  'URL',
  'UUID',
  'UUID-OF-BULK',
  'UUID-OF-INTERACTIVE',
  'VERSION',
]);
/** Words of AWS, of HTTP, and of sentences in quotes. */
const OTHER_CAPITALS = new Set(['ALARM', 'ALL', 'API', 'POST', 'UTC']);

describe('What the pages print to be pasted', () => {
  it('is found in the pages that operators read', () => {
    const pages = new Set(SCRIPTS.map(({ page }) => page));
    expect([...pages]).toEqual(expect.arrayContaining(['README.md', 'docs/runbook.md', 'docs/differences.md']));
    expect(COMMANDS.filter(({ words }) => words[0] === 'aws').length).toBeGreaterThan(20);
  });

  it('has every quote and parenthesis closed', () => {
    const faults = SCRIPTS.map(({ page, script }) => ({ page, script, fault: partsOf(script).fault }));
    expect(faults.filter(({ fault }) => fault !== undefined)).toEqual([]);
  });

  const noConnection = (): never => {
    throw new Error('This test expects no connection.');
  };
  /** An ellipsis stands for the rest of an id. */
  const filledIn = (word: string): string => word.replace('…', 'x').replace(/^ADDRESS$/, 'a@example.com');
  const resets = COMMANDS.filter(({ words }) => words[0] === 'npx' && words[1] === 'resets');
  test.each(resets.map((command) => [lineOf(command), command.words] as const))(
    'is understood by the command line: %s',
    async (_line, [, , ...args]) => {
      const io = onTerminal(testIo());
      expect(await run(args.map(filledIn), io, noConnection), io.stderr.text).not.toBe(2);
    },
  );

  it('has words in capitals only where something is to be filled in', () => {
    const unknown = COMMANDS.flatMap((command) =>
      command.words
        .flatMap((word) => word.match(/(?<![\w.])[A-Z][A-Z-]{2,}(?![\w.])/g) ?? [])
        .filter((word) => !PLACEHOLDERS.has(word) && !OTHER_CAPITALS.has(word))
        .map((word) => `${word} in ${lineOf(command)}`),
    );
    expect(unknown).toEqual([]);
  });

  it('runs programs that are named: the command line, the AWS CLI, and those of every machine', () => {
    const programs = new Set(COMMANDS.map(({ words }) => words[0] ?? ''));
    expect([...programs].filter((program) => !PROGRAMS.has(program))).toEqual([]);
  });

  it('names outputs that the stack has', () => {
    const named = SCRIPTS.flatMap(({ script }) => [...script.matchAll(/'\.\[\]\.(\w+)'/g)].map(([, name]) => name));
    expect(named.length).toBeGreaterThan(10);
    const known: readonly string[] = Object.values(OUTPUTS);
    expect(named.filter((name) => !known.includes(name ?? ''))).toEqual([]);
  });
});
