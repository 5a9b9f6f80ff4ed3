import type { LocalSystem } from '../../local/system.ts';

/** What happens next at the terminal. */
export type Step =
  /** A command line or an answer is typed and Enter pressed; the command ends, unless something is to be shown while it runs. */
  | { types: string; shows?: RegExp }
  /** A key is pressed, such as Ctrl-C, and the command ends. */
  | { presses: string }
  /** Something is shown. */
  | { shows: RegExp }
  /** The command that runs ends. */
  | { ends: true }
  /** A picture is taken. */
  | { still: string; title: string; description: string }
  /** Whoever looks on gets time to read, in seconds. */
  | { reads: number };

/** A part of the recording that begins with an empty screen. */
export interface Scene {
  title: string;
  steps: readonly Step[];
}

const START = 'resets campaign start people.csv --id breach-7 --exclude break-glass.txt --canary 50';
const CTRL_C = '\u0003';

export const SCENES: readonly Scene[] = [
  {
    title: 'The dry run',
    steps: [
      { types: `${START} --dry-run` },
      { still: 'dry-run', title: 'resets campaign start --dry-run', description: 'x' },
      { reads: 4 },
    ],
  },
  {
    title: 'The preview and the canary',
    steps: [
      { types: START, shows: /type that number/ },
      { still: 'preview', title: 'resets campaign start', description: 'x' },
      { reads: 3 },
      { types: '1,500' },
      { still: 'canary', title: 'resets campaign start: the canary', description: 'x' },
      { reads: 3 },
    ],
  },
];

/** The files of the operator, by name. Some addresses make the simulator act, see `local/reset-api/personalities.ts`. */
export const FILES: Readonly<Record<string, string>> = {
  'people.csv': peopleOf(1_500),
  'break-glass.txt': 'breakglass.1@example.org\nbreakglass.2@example.org\n',
};

function peopleOf(count: number): string {
  const people = Array.from({ length: count }, (_, index) =>
    index % 75 === 10 ? `notfound+gone.${index}@example.org` : `person.${index}@example.org`,
  );
  people.splice(100, 0, 'breakglass.1@example.org', 'breakglass.2@example.org');
  people.splice(200, 0, 'no address', "pat.o'brien@example.org");
  people.splice(300, 0, 'PERSON.7@example.org', 'person.8@example.org', 'person.9@example.org');
  return `email,department\r\n${people.map((email) => `${email},sales\r\n`).join('')}`;
}
