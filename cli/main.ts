#!/usr/bin/env node
import { run } from './program.ts';
import { exitAtClosedPipe, processIo } from './terminal/process-io.ts';

exitAtClosedPipe();
process.exitCode = await run(process.argv.slice(2), processIo());
// All is written by then, or its failure heard of. What was given up, as a look that hangs, keeps nobody waiting.
process.stdout.write('', () => process.stderr.write('', () => setImmediate(() => process.exit())));
