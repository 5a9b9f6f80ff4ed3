import { Writable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { print } from '../../../cli/terminal/io.ts';

describe('Printing', () => {
  it('waits while its reader is slower', async () => {
    let goOn = (): void => {};
    const slow = new Writable({
      highWaterMark: 1,
      write(_chunk, _encoding, done) {
        goOn = done;
      },
    });
    let isPrinted = false;
    const printed = print(slow, 'a line').then(() => {
      isPrinted = true;
    });
    await new Promise(setImmediate);
    expect(isPrinted).toBe(false);
    goOn();
    await printed;
  });

  it('waits for no reader that is gone, and does not fail for it', async () => {
    const gone = new Writable({
      highWaterMark: 1,
      write: (_chunk, _encoding, done) => done(new Error('write EIO')),
    });
    gone.on('error', () => {});
    await print(gone, 'a line');
  });
});
