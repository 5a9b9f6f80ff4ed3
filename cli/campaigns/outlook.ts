import type { Lane } from '../../functions/contract/reset-request.ts';
import type { Connection } from '../deployment/connect.ts';
import type { Reading } from '../queries/reading.ts';
import type { StandingHold } from '../queries/standing-holds.ts';
import type { WayOutNames } from '../queries/way-out.ts';
import type { Painter } from '../terminal/text.ts';

/** Rows that are about to be sent. */
export interface Sending {
  lane: Lane;
  rows: number;
  /** Milliseconds since the epoch. */
  notAfter?: number | undefined;
  /** How many of them are watched before the rest is sent. */
  canary?: number | undefined;
}

/** When the rows of a campaign would be through. */
export interface Outlook {
  /** Messages queued that go first; undefined where they could not be counted. */
  ahead: number | undefined;
  /** Calls a minute; undefined where no rate is known. */
  perMinute: number | undefined;
  /** Whether the rate is what the call budget allows, or what the last minutes made of it. */
  basis: 'ceiling' | 'observed';
  /** Until the last row is called, holds not counted. */
  finishMs: number | undefined;
  /** What keeps the lane from being called now. */
  holds: Reading<StandingHold[]>;
}

export async function outlookFor(_connection: Connection, _sending: Pick<Sending, 'lane' | 'rows'>): Promise<Outlook> {
  throw new Error('To be written.');
}

/** What the preview tells of time, one sentence a line. */
export function outlookLines(
  _outlook: Outlook,
  _sending: Sending,
  _told: WayOutNames & { now: number; paint: Painter },
): string[] {
  throw new Error('To be written.');
}

/** Why so many rows must not be sent now, in one line, if they must not. */
export function outlookRefusal(
  _outlook: Outlook,
  _sending: Sending,
  _names: Pick<WayOutNames, 'command'>,
): string | undefined {
  throw new Error('To be written.');
}

/** As `--json` prints it. Every member is always there. */
export function outlookJson(_outlook: Outlook, _now: number) {
  throw new Error('To be written.');
}
