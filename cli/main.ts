#!/usr/bin/env node
import { run } from './program.ts';
import { exitAtClosedPipe, processIo } from './terminal/process-io.ts';

exitAtClosedPipe();
process.exitCode = await run(process.argv.slice(2), processIo());
