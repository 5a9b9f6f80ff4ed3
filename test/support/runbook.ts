import { readFileSync } from 'node:fs';

/** The four parts of a section, by the words that open them. */
const PARTS = {
  means: 'Means',
  look: 'Look',
  do: 'Do',
  worked: 'How to know that it worked',
} as const;
export type Part = keyof typeof PARTS;

export interface Section {
  heading: string;
  /** All of it, without the sections below it. */
  text: string;
  parts: Partial<Record<Part, string>>;
}

export const docOf = (path: string): string => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');

export function sectionsOf(markdown: string): Section[] {
  const sections: Section[] = [];
  let isCode = false;
  for (const line of markdown.split('\n')) {
    if (line.trimStart().startsWith('```')) isCode = !isCode;
    const heading = isCode ? undefined : /^#{1,4} (.+)$/.exec(line)?.[1];
    if (heading !== undefined) sections.push({ heading, text: '', parts: {} });
    else {
      const last = sections.at(-1);
      if (last !== undefined) last.text += `${line}\n`;
    }
  }
  return sections.map((section) => ({ ...section, parts: partsOf(section.text) }));
}

function partsOf(text: string): Section['parts'] {
  const openings = new RegExp(`^\\*\\*(${Object.values(PARTS).join('|')})\\.\\*\\*`, 'gm');
  const found = [...text.matchAll(openings)];
  return Object.fromEntries(
    found.map((match, index) => {
      const part = Object.entries(PARTS).find(([, words]) => words === match[1])?.[0];
      return [part, text.slice(match.index + match[0].length, found[index + 1]?.index)];
    }),
  );
}

/** What a page gives to paste: each block marked as shell is one script, and so is a command line within a sentence. */
export function scriptsIn(markdown: string): string[] {
  const scripts: string[] = [];
  const rest = markdown.replaceAll(
    /^( *)```(\w*)\n([\s\S]*?)^ *```$/gm,
    (_all, indent: string, kind, block: string) => {
      if (kind === 'sh') scripts.push(block.replaceAll(new RegExp(`^${indent}`, 'gm'), '').trimEnd());
      return '\n\n';
    },
  );
  for (const [, code = ''] of rest.matchAll(/`([^`]+)`/g)) {
    const line = code.replaceAll(/\s+/g, ' ');
    if (/^(npx resets|aws|npx cdk) ./.test(line)) scripts.push(line);
  }
  return scripts;
}

/** The one script of a section that matches, as it is printed. */
export function scriptOf(sections: readonly Section[], heading: string, part: Part, pattern: RegExp): string {
  const text = sections.find((section) => section.heading === heading)?.parts[part];
  if (text === undefined) throw new Error(`The runbook has no section "${heading}" with a part "${PARTS[part]}".`);
  const [script, ...others] = scriptsIn(text).filter((each) => pattern.test(each));
  if (script === undefined || others.length > 0) {
    throw new Error(
      `"${PARTS[part]}" of "${heading}" prints ${others.length + Number(script !== undefined)} commands like ${pattern}.`,
    );
  }
  return script;
}
