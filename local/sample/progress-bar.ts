import { createLogUpdate } from 'log-update';

/** What the progress bar shows at one moment. */
export interface Snapshot {
  elapsedMs: number;
  waiting: number;
  inFlight: number;
  reset: number;
  deadLettered: number;
  total: number;
  calls: number;
  byStatus: Record<string, number>;
}

/** Shows how far the sample has come. */
export interface ProgressBar {
  show(snapshot: Snapshot): void;
  end(): void;
}

const LINE_EVERY_MS = 3000;
const BAR_WIDTH = 40;

/** On a terminal a bar and two lines, updated in place; elsewhere one line every few seconds. */
export function createProgressBar(stream: NodeJS.WriteStream): ProgressBar {
  if (stream.isTTY) {
    const update = createLogUpdate(stream);
    return {
      show: (snapshot) => update(`${barOf(snapshot)}\n${lineOf(snapshot)}\n${statusesOf(snapshot)}`),
      end: () => update.clear(),
    };
  }
  let nextAt = 0;
  return {
    show: (snapshot) => {
      if (snapshot.elapsedMs < nextAt) return;
      nextAt = snapshot.elapsedMs + LINE_EVERY_MS;
      stream.write(`${lineOf(snapshot)}\n`);
    },
    end: () => {},
  };
}

function barOf({ reset, deadLettered, total }: Snapshot): string {
  const width = (count: number) => Math.round((count / total) * BAR_WIDTH);
  const bar = `${'█'.repeat(width(reset))}${'▒'.repeat(width(deadLettered))}`.slice(0, BAR_WIDTH);
  return `[${bar.padEnd(BAR_WIDTH, '·')}] ${reset + deadLettered} of ${total}`;
}

const lineOf = ({ elapsedMs, reset, deadLettered, waiting, inFlight, calls }: Snapshot): string =>
  `${(elapsedMs / 1000).toFixed(0).padStart(3)} s  reset ${reset}  dead-lettered ${deadLettered}  waiting ${waiting}  in flight ${inFlight}  calls ${calls}`;

const NAMES: Record<string, string> = { none: 'no answer' };

function statusesOf({ byStatus }: Snapshot): string {
  const parts = Object.entries(byStatus).map(([status, count]) => `${NAMES[status] ?? status} × ${count}`);
  return `       answers: ${parts.join(', ') || 'none yet'}`;
}
