import { type Io, print } from '../terminal/io.ts';
import { progressLineOn } from '../terminal/progress-line.ts';
import { counted, number } from '../terminal/text.ts';
import { type Row, readAddressFile } from './enqueued-file.ts';

/** Faulty lines that are named; all are counted. */
const NAMED_LINES = 20;
const NAMED_LINES_JSON = 10_000;

/** What a file of addresses holds. */
export interface Survey {
  addresses: number;
  /** Of the addresses, those in lines before `--from-line`. */
  before: number;
  invalidCount: number;
  invalid: { line: number; problem: string }[];
  duplicateCount: number;
  duplicates: { line: number; firstLine: number }[];
}

/** Reads the whole file first, so that a fault in the last line is known before the first is sent. */
export async function surveyOf(
  io: Pick<Io, 'stderr' | 'clock' | 'env'>,
  file: string,
  fromLine: number,
): Promise<Survey> {
  const survey: Survey = { addresses: 0, before: 0, invalidCount: 0, invalid: [], duplicateCount: 0, duplicates: [] };
  const progress = progressLineOn(io);
  try {
    for await (const row of readAddressFile(file)) {
      tally(survey, row, fromLine);
      progress.show(`Checking: line ${number(row.line)}`);
    }
  } finally {
    progress.end();
  }
  return survey;
}

function tally(survey: Survey, row: Row, fromLine: number): void {
  switch (row.kind) {
    case 'address':
      survey.addresses += 1;
      if (row.line < fromLine) survey.before += 1;
      break;
    case 'invalid':
      survey.invalidCount += 1;
      if (survey.invalid.length < NAMED_LINES_JSON) survey.invalid.push({ line: row.line, problem: row.problem });
      break;
    case 'duplicate':
      survey.duplicateCount += 1;
      if (survey.duplicates.length < NAMED_LINES_JSON) {
        survey.duplicates.push({ line: row.line, firstLine: row.firstLine });
      }
      break;
  }
}

export async function reportSurvey(io: Pick<Io, 'stderr'>, survey: Survey, file: string): Promise<void> {
  const { invalid, invalidCount, duplicates, duplicateCount } = survey;
  const more = (count: number): string[] =>
    count > NAMED_LINES ? [`  and ${number(count - NAMED_LINES)} more; --json names them`] : [];
  const lines = [
    `${file}: ${counted(survey.addresses, 'address', 'addresses')}, ${counted(invalidCount, 'invalid line')}, ${counted(duplicateCount, 'duplicate')}.`,
    ...invalid.slice(0, NAMED_LINES).map(({ line, problem }) => `  line ${line} ${problem}`),
    ...more(invalidCount),
    ...duplicates
      .slice(0, NAMED_LINES)
      .map(({ line, firstLine }) => `  line ${line} repeats line ${firstLine} and is left out`),
    ...more(duplicateCount),
  ];
  for (const line of lines) await print(io.stderr, line);
}
