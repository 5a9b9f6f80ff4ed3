import { createHash } from 'node:crypto';
import { personalityOf } from '../../../local/reset-api/personalities.ts';
import type { Quota } from '../../../local/reset-api/token-bucket.ts';

export interface Job {
  email: string;
  /** The API refuses it whenever it is asked: a dead letter is its right end. */
  failsForGood: boolean;
}

/** Shares of all jobs; the rest are ordinary users. The words are those of the simulator's personalities. */
const TROUBLE: readonly { word: string; share: number }[] = [
  /** 404, always. */
  { word: 'notfound', share: 0.05 },
  /** One 503, then a reset. */
  { word: 'flaky503x1', share: 0.02 },
  /** A reset that is answered 504 once. Whoever wants to know must ask again, and the password is then reset a second time. */
  { word: 'ghost504x1', share: 0.01 },
];

/** The same jobs in the same order for the same seed. */
export function jobsOf(count: number, seed: number): Job[] {
  const troubled = TROUBLE.flatMap(({ word, share }) => Array<string>(Math.round(count * share)).fill(`${word}+`));
  const jobs = Array.from({ length: count }, (_, n) => {
    const email = `${troubled[n] ?? 'user-'}${n}@example.com`;
    const personality = personalityOf(email);
    const failsForGood = personality.status === 404 && personality.times === Number.POSITIVE_INFINITY;
    return { email, failsForGood };
  });
  const place = ({ email }: Job) => createHash('sha256').update(`${seed} ${email}`).digest('hex');
  return jobs
    .map((job) => ({ job, place: place(job) }))
    .sort((a, b) => (a.place < b.place ? -1 : 1))
    .map(({ job }) => job);
}

/** The calls that nobody can spare: one a job, and one more for each time that the API asks to come again. */
export const leastCalls = (jobs: readonly Job[]): number =>
  jobs.reduce((calls, { email, failsForGood }) => calls + (failsForGood ? 1 : 1 + personalityOf(email).times), 0);

/** A full bucket gives its burst at once and the rest at its rate: nobody is done before `(calls - burst) / rate`. */
export const leastMs = (calls: number, { perMinute, burst }: Quota): number =>
  (60_000 * Math.max(0, calls - burst)) / perMinute;
