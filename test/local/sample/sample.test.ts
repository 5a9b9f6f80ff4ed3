import { expect, test } from 'vitest';
import { emailSchema, LANES, parseResetRequest } from '../../../functions/contract/reset-request.ts';
import { actAt, personalityOf } from '../../../local/reset-api/personalities.ts';
import { makeSample } from '../../../local/sample/sample.ts';

const sample = makeSample(Date.now());
const addresses = LANES.flatMap((lane) => sample.files[lane]);

test('the sample is 200 requests over both lanes', () => {
  const { healthy, hanging, raw } = sample;
  expect(addresses.length + healthy.length + hanging.length + raw.length).toBe(200);
  for (const lane of LANES) expect(sample.files[lane].length).toBeGreaterThan(50);
});

test('the files hold valid addresses, each once, so that `resets enqueue` takes them whole', () => {
  expect(addresses.filter((address) => !emailSchema.safeParse(address).success)).toEqual([]);
  expect(new Set(addresses).size).toBe(addresses.length);
});

test('every copy repeats a request that was sent, with the same content', () => {
  for (const { body } of sample.copies) {
    const parsed = parseResetRequest(body);
    expect(parsed.ok && addresses.includes(parsed.request.email)).toBe(true);
  }
});

test('the first phase is interactive requests that are reset by their first call', () => {
  expect(sample.healthy.length).toBeGreaterThan(0);
  for (const { lane, body } of sample.healthy) {
    const parsed = parseResetRequest(body);
    expect(lane).toBe('interactive');
    expect(parsed.ok && actAt(personalityOf(parsed.request.email), 0)).toMatchObject({ status: 200, resets: true });
  }
});
