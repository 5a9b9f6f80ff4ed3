import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createFunction, type FunctionOptions } from '../../local/lambda/function.ts';
import { synthesizeStack } from '../../local/stack/synthesized-stack.ts';
import { readTemplate } from '../../local/stack/template.ts';
import { startLocalSystem } from '../../local/system.ts';

const PROCESSES = 10;
const AIM_MS = 90;

/** From the start of the process to the answer of the first invocation, with an event of no messages; the two in turns, in fresh processes. */
export async function measureColdStart(): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'cold-start-'));
  const system = await startLocalSystem({ lanes: [] });
  try {
    writeFileSync(join(folder, 'index.mjs'), 'export const handler = async () => ({ batchItemFailures: [] });\n');
    const deployment = await synthesizeStack();
    const { function: template } = readTemplate(deployment.template, deployment.stackName, system.awsEndpoint);
    const base: FunctionOptions = {
      ...template,
      codeDirectory: deployment.assetDirectory(template.logicalId),
      awsEndpoint: system.awsEndpoint,
      freeze: false,
    };
    const bundle: number[] = [];
    const empty: number[] = [];
    for (let round = 0; round < PROCESSES; round += 1) {
      empty.push(await coldStartMs({ ...base, codeDirectory: folder }));
      bundle.push(await coldStartMs(base));
    }
    const more = median(bundle) - median(empty);
    return `cold start    ${ms(median(bundle))} the bundle, ${ms(median(empty))} an empty handler: ${ms(more)} more (aim: at most ${AIM_MS} ms; medians of ${PROCESSES} processes each)`;
  } finally {
    await system.stop();
    rmSync(folder, { recursive: true });
  }
}

async function coldStartMs(options: FunctionOptions): Promise<number> {
  const lambda = createFunction(options);
  const startedAt = performance.now();
  const result = await lambda.invoke(JSON.stringify({ Records: [] }));
  const elapsedMs = performance.now() - startedAt;
  await lambda.stop();
  if (result.kind !== 'response') throw new Error(`The first invocation ended as ${result.kind}.`);
  return elapsedMs;
}

const ms = (value: number): string => `${value.toFixed(0)} ms`;

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length / 2;
  return ((sorted[Math.floor(middle)] ?? 0) + (sorted[Math.ceil(middle - 0.5)] ?? 0)) / 2;
}
