import type { Engine } from './engine.ts';

/** What happened to the requests that somebody asked about. Of the others nothing is kept. */
export class History {
  readonly lines: string[] = [];
  readonly #engine: Engine;
  readonly #watched: ReadonlySet<number> | 'all' | undefined;
  readonly #start: number;

  constructor(engine: Engine, watched: ReadonlySet<number> | 'all' | undefined) {
    this.#engine = engine;
    this.#watched = watched;
    this.#start = engine.now;
  }

  note(request: number, line: () => string): void {
    if (this.#watched === undefined || (this.#watched !== 'all' && !this.#watched.has(request))) return;
    this.lines.push(`${timeText(this.#engine.now - this.#start)}  request ${request}  ${line()}`);
  }
}

/** Days, hours, minutes and seconds, with as many parts as are needed to compare two lines. */
export function timeText(ms: number): string {
  const days = Math.floor(ms / 86_400_000);
  const rest = new Date(ms % 86_400_000).toISOString().slice(11, 23);
  return days > 0 ? `${days}d ${rest}` : rest;
}
