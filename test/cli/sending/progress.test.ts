import { expect, it } from 'vitest';
import { sendingProgressOn } from '../../../cli/sending/progress.ts';
import { onTerminal, testIo } from '../../support/cli/command-line.ts';
import { EmulatedScreen } from '../../support/cli/emulated-screen.ts';

it('sending shows on a terminal how far it is, its rate, and how long it still takes', async () => {
  const io = onTerminal(testIo());
  const progress = sendingProgressOn(io, { total: 40_000, before: 4_000 });
  await io.clock.sleep(2_000);
  progress.show(12_000);
  const screen = new EmulatedScreen(100, 5);
  screen.write(io.stderr.text);
  expect(screen.text).toBe('Sending  ━━━━━━━─────────────────  12,000 of 40,000  4,000/s  about 7 s left');
});

it('sending writes a line now and then into a log, without a bar', async () => {
  const io = testIo();
  const progress = sendingProgressOn(io, { total: 40_000 });
  for (let second = 1; second <= 25; second += 1) {
    await io.clock.sleep(1_000);
    progress.show(second * 1_000);
  }
  progress.end();
  expect(io.stderr.lines).toEqual([
    'Sending  10,000 of 40,000  1,000/s  about 30 s left',
    'Sending  20,000 of 40,000  1,000/s  about 20 s left',
  ]);
});
