#!/usr/bin/env node
import { run } from './program.ts';
import { EXIT } from './terminal/io.ts';
import { processIo } from './terminal/process-io.ts';

// `resets … | head` closes the pipe when it has enough.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  process.exit(EXIT.done);
});

process.exitCode = await run(process.argv.slice(2), processIo());
