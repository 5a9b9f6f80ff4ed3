import { execFileSync } from 'node:child_process';
import { synthesizeStack } from '../../local/stack/synthesized-stack.ts';
import { ledgerUnreachable } from './situations/ledger-unreachable.ts';
import { manyLetters } from './situations/many-letters.ts';
import { outage } from './situations/outage.ts';
import { tokenExpired } from './situations/token-expired.ts';
import { wrongCampaign } from './situations/wrong-campaign.ts';
import { wrongUrl } from './situations/wrong-url.ts';
import { type Drill, Stage } from './stage.ts';

const USAGE = `Usage: npm run drills [-- WORD]

Makes six situations of docs/runbook.md in the local run, waits for the metric that rings, runs the commands of the runbook as they are
printed there, and sees the situation end. WORD: only those whose title has this word.

Exit codes: 0 all went as the runbook says, 1 one did not, 2 aws or jq is missing, or no drill has this word.`;

/** They mostly wait, but each starts processes of its own. */
const AT_ONCE = 3;

async function main([word = '']: readonly string[]): Promise<number> {
  if (word.startsWith('-')) {
    console.log(USAGE);
    return word === '--help' ? 0 : 2;
  }
  const drills = [tokenExpired, outage, wrongUrl(), wrongCampaign, ledgerUnreachable, manyLetters].filter(({ title }) =>
    title.toLowerCase().includes(word.toLowerCase()),
  );
  const missing = ['aws', 'jq'].filter((program) => !isThere(program));
  if (missing.length > 0 || drills.length === 0) {
    console.error(missing.length > 0 ? `Not found: ${missing.join(' and ')}, which the runbook uses.` : USAGE);
    return 2;
  }
  const startedAt = performance.now();
  console.error(`${drills.length} drills, up to ${AT_ONCE} at once; each is told when it has ended …`);
  const deployment = await synthesizeStack();
  const waiting = [...drills];
  let failures = 0;
  const playAll = async () => {
    for (let drill = waiting.shift(); drill !== undefined; drill = waiting.shift()) {
      if (!(await play(drill, deployment))) failures += 1;
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, playAll));
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(0);
  console.log(`\n${drills.length - failures} of ${drills.length} drills went as the runbook says, in ${seconds} s.`);
  return failures === 0 ? 0 : 1;
}

function isThere(program: string): boolean {
  try {
    execFileSync(program, ['--version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

/** Plays one and prints its story. @returns whether all went as told. */
async function play(drill: Drill, deployment: Awaited<ReturnType<typeof synthesizeStack>>): Promise<boolean> {
  const stage = await Stage.begin(drill, deployment);
  let failure: string | undefined;
  try {
    await drill.play(stage);
  } catch (error) {
    failure = error instanceof Error ? error.message : String(error);
  } finally {
    await stage.system.stop();
  }
  // Whoever reads a drill's story learns nobody's address.
  if (stage.story.some((line) => line.includes('@'))) failure ??= 'An address was shown.';
  console.log(`\n${drill.title} (docs/runbook.md, "${drill.heading}")\n${stage.story.join('\n')}`);
  if (failure !== undefined) console.log(`  FAILED  ${failure}`);
  return failure === undefined;
}

process.exitCode = await main(process.argv.slice(2));
// What is left of a door or a poll keeps nobody waiting.
setImmediate(() => process.exit());
