import { BUNDLE_FILE, bundledProgram, writeProgram } from './bundle.ts';

const program = await bundledProgram();
writeProgram(BUNDLE_FILE, program);
console.log(`${BUNDLE_FILE}: ${Math.round(program.contents.length / 1000)} kB`);
