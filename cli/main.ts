#!/usr/bin/env node
import { EXIT } from './io.ts';
import { processIo } from './process-io.ts';
import { run } from './program.ts';

// `resets … | head` closes the pipe when it has enough.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  process.exit(EXIT.done);
});

process.exitCode = await run(process.argv.slice(2), processIo());
