import { execFile } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { promisify } from 'node:util';
import { AddressFile } from '../../cli/addresses/address-file.ts';
import { newIdKey } from '../../cli/campaigns/request-ids.ts';
import { Roster } from '../../cli/campaigns/roster.ts';
import { sift } from '../../cli/campaigns/sieve.ts';

const ROWS = 1_000_000;
const ROWS_AT_ONCE = 1_000;

/** What a campaign of a million rows takes to be read, sifted and told from others, in a process of its own. */
export async function measureCampaignFile(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'resets-'));
  const path = join(folder, 'people.csv');
  try {
    await pipeline(Readable.from(csvOf(ROWS)), createWriteStream(path));
    const { stdout } = await promisify(execFile)(process.execPath, [import.meta.filename, path]);
    return stdout.trim();
  } finally {
    await rm(folder, { recursive: true });
  }
}

function* csvOf(rows: number): Generator<string> {
  yield 'id,email,site,name\n';
  for (let from = 0; from < rows; from += ROWS_AT_ONCE) {
    const lines = Array.from({ length: Math.min(ROWS_AT_ONCE, rows - from) }, (_, at) => {
      const index = from + at;
      return `${index},first.last${index}@company${index % 50}.example.com,Berlin,"Roe, Jane ${index}"\n`;
    });
    yield lines.join('');
  }
}

async function readCampaign(path: string): Promise<string> {
  const startedAt = performance.now();
  const roster = new Roster('breach-7', newIdKey());
  const file = await AddressFile.open(path, { where: [{ column: 'site', value: 'Berlin' }] });
  for await (const _row of sift(file, { roster, excluded: [], resetIn: [] }));
  // The set that the ledger keeps, and the one of the plan.
  roster.setDigest();
  roster.setDigest(newIdKey());
  const seconds = (performance.now() - startedAt) / 1_000;
  const peakMb = process.resourceUsage().maxRSS / 1_000;
  return `A campaign's file of ${roster.size.toLocaleString('en')} rows is read, sifted and told from others at ${Math.round(roster.size / seconds).toLocaleString('en')} rows/s, in at most ${peakMb.toFixed(0)} MB of resident memory.`;
}

if (import.meta.main) {
  const [, , path] = process.argv;
  console.log(path === undefined ? await measureCampaignFile() : await readCampaign(path));
}
