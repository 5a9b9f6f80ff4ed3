import type { AddressFile } from '../addresses/address-file.ts';
import type { Io } from '../terminal/io.ts';
import { progressLineOn } from '../terminal/progress-line.ts';
import { counted, maskedAddress, number, painter, plain } from '../terminal/text.ts';
import type { LeftOutFile } from './left-out-file.ts';
import { type Sieve, type SiftedRow, sift } from './sieve.ts';

/** Faulty lines that the preview names; all are counted. */
const NAMED_LINES = 20;
const NAMED_LINES_JSON = 10_000;
const SAMPLE = 5;

/** What is taken of a file, and what is left out and why. The lists hold the first 10,000. */
export interface Survey {
  taken: number;
  other: number;
  /** All that the API would refuse, those to reset by hand among them. */
  invalidCount: number;
  invalid: { line: number; problem: string }[];
  /** Addresses that mail may reach and that only the API's pattern refuses. */
  byHandCount: number;
  byHand: { line: number; email: string }[];
  duplicateCount: number;
  duplicates: { line: number; firstLine: number }[];
  excluded: { file: string; count: number }[];
  resetBefore: { campaignId: string; count: number }[];
  /** Five addresses that are taken, whole. */
  sample: string[];
}

/**
 * Reads the whole file and fills the sieve's roster; on stderr it shows how far it is.
 * @throws CommandFailed, and the file of rows left out is gone again
 */
export async function surveyOf(
  io: Pick<Io, 'stderr' | 'clock' | 'env'>,
  file: AddressFile,
  sieve: Sieve,
  leftOut?: LeftOutFile,
): Promise<Survey> {
  const survey: Survey = {
    taken: 0,
    other: 0,
    invalidCount: 0,
    invalid: [],
    byHandCount: 0,
    byHand: [],
    duplicateCount: 0,
    duplicates: [],
    excluded: sieve.excluded.map(({ name }) => ({ file: name, count: 0 })),
    resetBefore: sieve.resetIn.map(({ campaignId }) => ({ campaignId, count: 0 })),
    sample: [],
  };
  const progress = progressLineOn(io);
  try {
    for await (const row of sift(file, sieve)) {
      tally(survey, row);
      if (row.kind !== 'taken') await leftOut?.write(row);
      if (row.line % 1_000 === 0) progress.show(`Checking: line ${number(row.line)}`);
    }
    await leftOut?.close();
  } catch (error) {
    await leftOut?.discard();
    throw error;
  } finally {
    progress.end();
  }
  return survey;
}

function tally(survey: Survey, row: SiftedRow): void {
  const { line } = row;
  const keep = <T>(list: T[], item: T, most = NAMED_LINES_JSON) => {
    if (list.length < most) list.push(item);
  };
  switch (row.kind) {
    case 'taken':
      survey.taken += 1;
      keep(survey.sample, row.email, SAMPLE);
      break;
    case 'other':
      survey.other += 1;
      break;
    case 'invalid':
      survey.invalidCount += 1;
      keep(survey.invalid, { line, problem: row.problem });
      if (row.byHand === undefined) break;
      survey.byHandCount += 1;
      keep(survey.byHand, { line, email: row.byHand });
      break;
    case 'duplicate':
      survey.duplicateCount += 1;
      keep(survey.duplicates, { line, firstLine: row.firstLine });
      break;
    case 'excluded':
      for (const list of survey.excluded) if (list.file === row.file) list.count += 1;
      break;
    case 'reset before':
      for (const campaign of survey.resetBefore) if (campaign.campaignId === row.campaignId) campaign.count += 1;
      break;
  }
}

const sum = (counts: readonly { count: number }[]): number => counts.reduce((all, { count }) => all + count, 0);

/** Rows that are not taken. */
export const leftOutCount = (survey: Survey): number =>
  survey.other + survey.invalidCount + survey.duplicateCount + sum(survey.excluded) + sum(survey.resetBefore);

/** The part of the preview that is about the file. Addresses are masked. @param leftOut the file that has all rows left out */
export function surveyLines(
  io: Pick<Io, 'stderr' | 'env'>,
  file: Pick<AddressFile, 'path'>,
  survey: Survey,
  leftOut?: string,
): string[] {
  const { other, duplicateCount, duplicates, excluded, resetBefore, sample } = survey;
  const paint = painter(io.stderr, io.env);
  const more = (count: number, shown: number): string[] => {
    if (count <= shown) return [];
    return [`    and ${number(count - shown)} more; ${leftOut ?? '--left-out FILE'} has them all`];
  };
  const repeats = duplicates
    .slice(0, SAMPLE)
    .map(({ line, firstLine }) => `    line ${line} repeats line ${firstLine}`);
  const ofLists = excluded.map(({ file: list, count }) => `  ${counted(count, 'row')} excluded by ${plain(list)}`);
  const ofCampaigns = resetBefore.map(
    ({ campaignId, count }) => `  ${counted(count, 'row')} reset in ${campaignId} before`,
  );
  const without =
    "No list of excluded accounts: break-glass accounts and the token's owner are reset too, if they are in the file; --exclude FILE or RESETS_EXCLUDE leaves them out.";
  return [
    `${plain(file.path)}: ${counted(survey.taken, 'row')} taken, ${number(leftOutCount(survey))} left out.`,
    ...(sample.length === 0
      ? []
      : [`  Taken: ${sample.map(maskedAddress).join(', ')}${survey.taken > sample.length ? ', …' : ''}`]),
    ...invalidLines(survey, more),
    ...(duplicateCount === 0 ? [] : [`  ${counted(duplicateCount, 'duplicate')}, of which the first stays:`]),
    ...repeats,
    ...more(duplicateCount, SAMPLE),
    ...ofLists,
    ...ofCampaigns,
    ...(other === 0 ? [] : [`  ${counted(other, 'row')} that --where does not take`]),
    ...(leftOut === undefined ? [] : [`  ${plain(leftOut)} has each row that is left out, and why.`]),
    ...(excluded.length === 0 ? [paint('yellow', without)] : []),
  ];
}

/** Lines that no reset can be made for, and apart from them those to reset by hand. */
function invalidLines(survey: Survey, more: (count: number, shown: number) => string[]): string[] {
  const { invalid, invalidCount, byHand, byHandCount } = survey;
  const handled = new Set(byHand.map(({ line }) => line));
  const faulty = invalid.filter(({ line }) => !handled.has(line)).slice(0, NAMED_LINES);
  const faultyCount = invalidCount - byHandCount;
  const reason =
    'the API takes only letters A to Z, digits and . _ % + - before the @, and letters, digits, . and - behind it';
  return [
    ...(faultyCount === 0 ? [] : [`  ${counted(faultyCount, 'invalid line')}:`]),
    ...faulty.map(({ line, problem }) => `    line ${line} ${problem}`),
    ...more(faultyCount, NAMED_LINES),
    ...(byHandCount === 0
      ? []
      : [`  ${counted(byHandCount, 'address', 'addresses')} to reset by hand, since ${reason}; mail may reach them:`]),
    ...byHand.slice(0, NAMED_LINES).map(({ line, email }) => `    line ${line} ${maskedAddress(email)}`),
    ...more(byHandCount, NAMED_LINES),
  ];
}

/** The same for `--json`, addresses masked. */
export const surveyJson = (survey: Survey) => ({
  ...survey,
  leftOutCount: leftOutCount(survey),
  byHand: survey.byHand.map(({ line, email }) => ({ line, email: maskedAddress(email) })),
  sample: survey.sample.map(maskedAddress),
});
