import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { CREDENTIALS, REGION } from './aws/account.ts';
import { createProgressBar } from './sample/progress-bar.ts';
import { reportOf } from './sample/report.ts';
import { ResetsFailed } from './sample/resets-command.ts';
import { runSample } from './sample/run.ts';
import { TemplateError } from './stack/intrinsics.ts';
import { type LocalSystem, startLocalSystem } from './system.ts';

const USAGE = `Usage: npm start [-- --stay]

Runs the whole system on this machine, sends a sample of 200 requests through it and reports what became of them.

  --stay   keep the system running after the report and print how to reach it; Ctrl-C ends it
  --help   print this text

Exit codes: 0 the report reconciles, 1 it does not or something failed, 2 wrong usage, 130 interrupted.`;

/** High enough for the sample to finish soon. */
const QUOTA = { perMinute: 1200, burst: 60 };
/** The example in the API's reference has a path in its base URL, so this one has one too. */
const BASE_PATH = '/api/v1/api/production/us-east-1/namespaces/default';
const FOLDER = fileURLToPath(new URL('../.local', import.meta.url));

async function main(args: readonly string[]): Promise<number> {
  let options: { stay?: boolean; help?: boolean };
  try {
    options = parseArgs({ args: [...args], options: { stay: { type: 'boolean' }, help: { type: 'boolean' } } }).values;
  } catch (error) {
    console.error(
      `${error instanceof Error ? error.message.split('. ')[0] : error}. The options are --stay and --help.`,
    );
    return 2;
  }
  if (options.help) {
    console.log(USAGE);
    return 0;
  }
  const interrupted = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => {
      // A second Ctrl-C means: do not even clean up.
      if (interrupted.signal.aborted) process.exit(130);
      interrupted.abort();
    });
  }
  try {
    const exitCode = await run(options.stay ?? false, interrupted.signal);
    return interrupted.signal.aborted ? 130 : exitCode;
  } catch (error) {
    if (interrupted.signal.aborted) return 130;
    if (!isExpected(error)) throw error;
    console.error(error.message);
    return 1;
  }
}

async function run(stay: boolean, interrupted: AbortSignal): Promise<number> {
  const startedAt = performance.now();
  console.error('Synthesizing the stack and starting SQS, DynamoDB, Secrets Manager, Lambda and the reset API …');
  mkdirSync(FOLDER, { recursive: true });
  const system = await startLocalSystem({
    context: { callsPerMinute: QUOTA.perMinute, callBurst: QUOTA.burst },
    outdir: join(FOLDER, 'cdk.out'),
    logFile: join(FOLDER, 'function.log'),
    simulator: { basePath: BASE_PATH, quota: QUOTA, latencyMs: 30, latencyJitterMs: 40 },
  });
  try {
    const bootMs = performance.now() - startedAt;
    const outputsFile = join(FOLDER, 'outputs.json');
    writeFileSync(outputsFile, `${JSON.stringify({ [system.stackName]: system.outputs }, null, 2)}\n`);
    const environment = environmentOf(system, outputsFile);
    console.error(`Up in ${(bootMs / 1000).toFixed(1)} s. Function log: ${system.logFile}`);

    const sample = runSample(system, environment, FOLDER, createProgressBar(process.stderr), interrupted);
    const { tally, copies, sampleMs } = await sample;
    if (interrupted.aborted) return 130;
    const report = reportOf({
      tally,
      copies,
      letters: await system.deadLetters(),
      calls: system.simulator.statistics(),
      quota: QUOTA,
      sandboxes: system.function.sandboxes().started,
      bootMs,
      sampleMs,
      width: process.stdout.isTTY ? process.stdout.columns : undefined,
    });
    console.log(report);
    if (stay) await stayUp(system, environment, interrupted);
    return tally.differences.length === 0 ? 0 : 1;
  } finally {
    await system.stop();
  }
}

/** With these variables `resets`, `aws` and any SDK find the system. `aws` and boto3 read AWS_DEFAULT_REGION only. */
function environmentOf(system: LocalSystem, outputsFile: string): Record<string, string> {
  return {
    AWS_ENDPOINT_URL: system.awsEndpoint,
    AWS_REGION: REGION,
    AWS_DEFAULT_REGION: REGION,
    AWS_ACCESS_KEY_ID: CREDENTIALS.accessKeyId,
    AWS_SECRET_ACCESS_KEY: CREDENTIALS.secretAccessKey,
    AWS_SESSION_TOKEN: CREDENTIALS.sessionToken,
    RESETS_OUTPUTS: outputsFile,
  };
}

async function stayUp(
  system: LocalSystem,
  environment: Record<string, string>,
  interrupted: AbortSignal,
): Promise<void> {
  const lines = Object.entries(environment).map(([name, value]) => `export ${name}=${quoted(value)}`);
  console.log(`
Running until Ctrl-C. In another terminal:

${lines.join('\n')}

interactive queue   ${system.queueUrls.interactive}
bulk queue          ${system.queueUrls.bulk}
dead-letter queue   ${system.deadLetterQueueUrl}
ledger table        ${system.ledgerTableName}
API token secret    ${system.secretArn}
API statistics      ${new URL('stats', system.simulator.administrationUrl).href}
API settings        ${new URL('settings', system.simulator.administrationUrl).href}
function log        ${system.logFile}`);
  if (interrupted.aborted) return;
  await new Promise<void>((resolve) => interrupted.addEventListener('abort', () => resolve(), { once: true }));
}

/** Quoted for a POSIX shell: the path of a checkout may contain a space. */
const quoted = (value: string): string => `'${value.replaceAll("'", "'\\''")}'`;

/** A configuration mistake or a failed command: the message says everything, a stack trace nothing more. */
const isExpected = (error: unknown): error is Error =>
  error instanceof TemplateError ||
  error instanceof ResetsFailed ||
  (error instanceof Error && error.name === 'InvalidConfiguration');

// Last, so that everything above is defined before it runs.
process.exitCode = await main(process.argv.slice(2));
