import { expect, test } from 'vitest';
import { emailSchema, parseResetRequest } from '../../../functions/contract/reset-request.ts';
import { actAt, personalityOf } from '../../../local/reset-api/personalities.ts';
import { makeSample } from '../../../local/sample/sample.ts';

const sample = makeSample(Date.now());
const { interactive, bulk } = sample.addresses;
const addresses = [...interactive, ...bulk];
const last = sample.last((email) => `id-of-${addresses.indexOf(email)}`);

test('the sample is 200 requests over both lanes', () => {
  const { healthy, hanging, raw } = sample;
  expect(addresses.length + healthy.length + hanging.length + raw.length + last.raw.length).toBe(200);
  expect(bulk.length).toBeGreaterThan(50);
});

test('its addresses are valid, each once, so that `resets` takes them whole; single ones at most 100', () => {
  expect(interactive.length).toBeLessThanOrEqual(100);
  expect(addresses.filter((address) => !emailSchema.safeParse(address).success)).toEqual([]);
  expect(new Set(addresses).size).toBe(addresses.length);
});

test('every copy repeats a request that was sent, with the same content', () => {
  for (const { body } of last.copies) {
    const parsed = parseResetRequest(body);
    const { email, requestId } = parsed.ok ? parsed.request : {};
    expect(addresses).toContain(email);
    expect(requestId).toBe(`id-of-${addresses.indexOf(String(email))}`);
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
