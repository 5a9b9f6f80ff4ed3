/** What happens next at the terminal. */
export type Step =
  /** A command line or an answer is typed and Enter pressed; the command ends, unless something is to be shown while it runs. */
  | { types: string; shows?: RegExp }
  /** A key is pressed, such as Ctrl-C, and the command ends. */
  | { presses: string }
  /** Something is shown by the command that runs. */
  | { shows: RegExp }
  /** A picture is taken. */
  | { still: string; title: string; description: string }
  /** Whoever looks on gets time to read, in seconds. */
  | { reads: number };

/** A part of the recording that begins with an empty screen. */
export interface Scene {
  title: string;
  steps: readonly Step[];
}

const ROWS = 1_500;
/** So many that sending them can be seen. */
const MANY = 20_000;
const START = 'resets campaign start people.csv --id breach-7 --exclude break-glass.txt --canary 50';
const CTRL_C = '\u0003';

const dryRun: Scene = {
  title: 'A dry run',
  steps: [
    { types: `${START} --dry-run` },
    {
      still: 'dry-run',
      title: 'resets campaign start --dry-run',
      description: 'What would be sent, which rows are left out and why, when the last row is called, and the plan.',
    },
    { reads: 5 },
  ],
};

const canary: Scene = {
  title: 'The canary, then the rest',
  steps: [
    { types: START, shows: /type that number/ },
    {
      still: 'preview',
      title: 'resets campaign start: the preview',
      description: 'The same as in the dry run, and the question for the number of password resets.',
    },
    { reads: 3 },
    { types: ROWS.toLocaleString('en') },
    {
      still: 'canary',
      title: 'resets campaign start: the canary',
      description: 'Fifty requests were sent and watched first, and then the rest.',
    },
    { reads: 3 },
  ],
};

const watched: Scene = {
  title: 'Paused, resumed and watched',
  steps: [
    { types: 'resets lane pause bulk --reason "change window" --yes' },
    { types: 'resets campaign status breach-7 --watch', shows: /held.*rows in all/s },
    {
      still: 'held',
      title: 'resets campaign status --watch: held',
      description:
        'The campaign is held by an operator: who, why, since when, and the command that ends it; and the counts.',
    },
    { reads: 4 },
    { presses: CTRL_C },
    { types: 'resets lane resume bulk --yes' },
    { types: 'resets campaign status breach-7 --watch', shows: /done in about/ },
    { reads: 2 },
    {
      still: 'status',
      title: 'resets campaign status --watch',
      description:
        'One sentence to paste, counts that add up to the rows, the rate, the time left, and who started it.',
    },
    { shows: /all ended/ },
    { reads: 2 },
    { presses: CTRL_C },
    { reads: 2 },
  ],
};

const reported: Scene = {
  title: 'The report',
  steps: [
    { types: 'resets campaign report breach-7 --file people.csv --exclude break-glass.txt --to report.csv' },
    {
      still: 'report',
      title: 'resets campaign report',
      description: 'How many rows of the file came to which end, and the SHA-256 of the report.',
    },
    { reads: 5 },
  ],
};

const START_ANOTHER = 'resets campaign start everyone.txt --id spring';

const cutOff: Scene = {
  title: 'Another one, cut off and sent to its end',
  steps: [
    { types: START_ANOTHER, shows: /type that number/ },
    { reads: 1 },
    { types: MANY.toLocaleString('en'), shows: /Sending .* [5-9],\d{3} of/ },
    {
      still: 'sending',
      title: 'resets campaign start: sending',
      description: 'A bar with the rate and the time left.',
    },
    { presses: CTRL_C },
    { reads: 2 },
    { types: `${START_ANOTHER} --yes` },
    {
      still: 'going-on',
      title: 'resets campaign start: going on',
      description: 'The same command goes on where the last one was cut off.',
    },
    { reads: 3 },
  ],
};

const cancelled: Scene = {
  title: 'Cancelled',
  steps: [
    { types: 'resets campaign cancel spring', shows: /Go ahead/ },
    { reads: 2 },
    { types: 'y' },
    {
      still: 'cancel',
      title: 'resets campaign cancel',
      description: 'What is waiting is dropped, for good; what was reset stays reset.',
    },
    { reads: 2 },
    { types: 'resets campaign status spring' },
    { reads: 4 },
  ],
};

export const SCENES: readonly Scene[] = [dryRun, canary, watched, reported, cutOff, cancelled];

const NAMES = 'ann ben cleo dan eve finn gita hugo ines jan kim lena mo nora olaf pia quin rosa sam tess'.split(' ');
const person = (index: number): string => `${NAMES[index % NAMES.length]}.${index}@example.org`;

/** Some addresses make the simulator act, see `local/reset-api/personalities.ts`: these are of people that it does not know. */
const UNKNOWN_EVERY = 25;

/** The files of the operator, by name. */
export const FILES: Readonly<Record<string, string>> = {
  'people.csv': `email,department\r\n${rowsOfPeople()
    .map((email) => `${email},sales\r\n`)
    .join('')}`,
  'break-glass.txt': 'breakglass.1@example.org\nbreakglass.2@example.org\n',
  'everyone.txt': Array.from({ length: MANY }, (_, index) => `${person(ROWS + index)}\n`).join(''),
};

function rowsOfPeople(): string[] {
  const people = Array.from({ length: ROWS }, (_, index) =>
    index % UNKNOWN_EVERY === 10 ? `notfound+${person(index)}` : person(index),
  );
  people.splice(100, 0, 'breakglass.1@example.org', 'breakglass.2@example.org');
  people.splice(200, 0, 'no address', "pat.o'brien@example.org");
  people.splice(300, 0, person(7).toUpperCase(), person(8), person(9));
  return people;
}
