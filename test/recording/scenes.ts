import type { LocalSystem } from '../../local/system.ts';

/** What happens next at the terminal. */
export type Step =
  /** A command line is typed and Enter pressed; it ends, unless something is to be shown while it runs. */
  | { types: string; shows?: RegExp }
  /** A key is pressed, such as Ctrl-C, and the command ends. */
  | { presses: string }
  /** A picture is taken. */
  | { still: string; title: string; description: string }
  /** Whoever looks on gets time to read, in seconds. */
  | { reads: number }
  /** Something happens that is not seen. */
  | { meanwhile: (system: LocalSystem) => Promise<void> | void };

/** A part of the recording that begins with an empty screen. */
export interface Scene {
  title: string;
  steps: readonly Step[];
}

const CTRL_C = '\u0003';

export const SCENES: readonly Scene[] = [
  {
    title: 'How it is',
    steps: [
      { types: 'resets enqueue ann@example.org --reason "ticket 4711"', shows: /Go ahead\?/ },
      { reads: 1 },
      { types: 'y' },
      { types: 'resets lane pause bulk --reason "change window" --until 2h', shows: /Go ahead\?/ },
      { types: 'y' },
      { types: 'resets status' },
      { reads: 3 },
      {
        still: 'status',
        title: 'resets status',
        description: 'The verdict, the lanes, the call budget and the last actions.',
      },
    ],
  },
  {
    title: 'watched',
    steps: [{ types: 'resets status --watch', shows: /Last actions/ }, { reads: 2 }, { presses: CTRL_C }],
  },
];
