import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { SCENES } from './scenes.ts';

const RESULTS = fileURLToPath(new URL('../../docs/recording/', import.meta.url));
const stills = SCENES.flatMap(({ steps }) => steps.flatMap((step) => ('still' in step ? [step] : [])));

describe('the recording in docs/recording', () => {
  it('has a picture of each still, and the cast, and nothing else', () => {
    const expected = ['campaign.cast', ...stills.map(({ still }) => `${still}.svg`)];
    expect(readdirSync(RESULTS).sort()).toEqual(expected.sort());
  });

  it.each(stills)('tells who does not see $still.svg what it shows', ({ still, title, description }) => {
    const svg = readFileSync(`${RESULTS}${still}.svg`, 'utf8');
    expect(svg).toContain(`<title id="title">${title}</title>\n<desc id="desc">${description}</desc>`);
  });

  it('has a marker for each scene, in their order', () => {
    const [, ...events] = readFileSync(`${RESULTS}campaign.cast`, 'utf8').trimEnd().split('\n');
    const markers = events.map((line) => JSON.parse(line)).filter(([, kind]) => kind === 'm');
    expect(markers.map(([, , title]) => title)).toEqual(SCENES.map(({ title }) => title));
  });
});
