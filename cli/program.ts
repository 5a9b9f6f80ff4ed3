import { readFileSync } from 'node:fs';
import { Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import { FAILURE_REASONS } from '../functions/contract/dead-letter.ts';
import { LANES } from '../functions/contract/reset-request.ts';
import { DEFAULT_STACK_NAME } from '../functions/contract/stack-outputs.ts';
import { DEFAULT_LIMIT, type DlqListOptions, dlqList } from './commands/dlq/list.ts';
import { type EnqueueOptions, enqueue } from './commands/enqueue/enqueue.ts';
import { request } from './commands/request.ts';
import { type StatusOptions, status } from './commands/status.ts';
import { failureOf } from './deployment/aws-errors.ts';
import { type Connection, type Context, connect, type DeploymentChoice } from './deployment/connect.ts';
import { DEPLOYMENT_VARIABLES } from './deployment/find-deployment.ts';
import { CommandFailed, EXIT, type ExitCode, type Io, print } from './terminal/io.ts';
import { plain } from './terminal/text.ts';

type Connect = (env: Io['env'], choice: DeploymentChoice) => Promise<Connection>;

/** Runs one command line, without the program's name. Writes what went wrong as one line on stderr. */
export async function run(args: readonly string[], io: Io, connectTo: Connect = connect): Promise<ExitCode> {
  let exitCode: ExitCode = EXIT.done;
  const program = declare(io, connectTo, (code) => {
    exitCode = code;
  });
  try {
    await program.parseAsync(args, { from: 'user' });
    return exitCode;
  } catch (error) {
    // Commander has written its own line.
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.done : EXIT.wrongUsage;
    const failure = failureOf(error) ?? defect(error);
    await print(io.stderr, `resets: ${plain(failure.message)}`);
    return failure.exitCode;
  }
}

/** Where it was thrown is what whoever mends it needs to know. */
function defect(error: unknown): CommandFailed {
  const { name, message, stack = '' } = error instanceof Error ? error : new Error(String(error));
  const place = stack.split('\n').find((line) => line.startsWith('    at ')) ?? '';
  return new CommandFailed(
    `A defect of this program, please report it: ${name}: ${message}${place.replace(/^ +/, ' ')}`,
  );
}

const AFTER_HELP = `
The deployment is found by --outputs, --stack, the variable RESETS_OUTPUTS, or these variables together:
  ${DEPLOYMENT_VARIABLES.join('\n  ')}
and else as stack ${DEFAULT_STACK_NAME}. Endpoints, credentials and region come from the ordinary AWS environment.

Exit codes: 0 done, 1 failed, 2 wrong usage, 3 done in part, 130 interrupted.`;

const JSON_OPTION = ['--json', 'print JSON on stdout'] as const;

function declare(io: Io, connectTo: Connect, end: (code: ExitCode) => void): Command {
  const program = new Command('resets')
    .description('Enqueues password resets and shows what became of them.')
    .version(version(), '-V, --version')
    .option('--stack <name>', `the deployment's stack (default: ${DEFAULT_STACK_NAME})`)
    .option('--outputs <file>', 'the outputs as `cdk deploy --outputs-file` writes them')
    .addHelpText('after', AFTER_HELP)
    .configureHelp({ showGlobalOptions: true })
    .exitOverride()
    .configureOutput({
      writeOut: (text) => io.stdout.write(text),
      writeErr: (text) => io.stderr.write(text),
      outputError: (text, write) => write(`${oneLine(text)}\n`),
    });
  const context = (): Context => ({ ...io, connect: () => connectTo(io.env, program.opts<DeploymentChoice>()) });

  program
    .command('enqueue')
    .description('Send reset requests to a lane, from addresses or from a file.')
    .argument('[email...]', 'addresses')
    .option('--file <file>', 'a list of addresses, one a line, or a CSV file with a column "email"')
    .addOption(new Option('--lane <lane>', 'default: interactive for addresses, bulk for a file').choices(LANES))
    .option('--request-id <id>', 'idempotency key of the one address given (default: a random one)')
    .option('--campaign <id>', 'the campaign that the requests belong to')
    .option('--requested-by <who>', 'who asked, for the audit')
    .option('--reason <why>', 'why, for the audit')
    .option('--not-after <time>', 'no reset later than this RFC 3339 time')
    .option('--skip-invalid', 'send a file though some of its lines are invalid')
    .option(
      '--run <id>',
      "with --file: begins its request ids, RUN:LINE; an interrupted run's id makes sending again safe",
    )
    .option('--from-line <n>', 'with --file: leave out the lines before', positiveInteger)
    .option('--yes', 'do not ask')
    .option(...JSON_OPTION)
    .addHelpText(
      'after',
      `
A file is checked whole before anything is sent; one invalid line refuses it, unless --skip-invalid. Addresses that come twice are sent once.
Prints the request ids of addresses, one a line in their order; those of a file are RUN:LINE.`,
    )
    .action(async (addresses: string[], options: EnqueueOptions) =>
      end((await enqueue(context(), { addresses, ...options })).exitCode),
    );

  program
    .command('request')
    .description("Show one request's whole story.")
    .argument('<id>', "the request's id, or the SQS message id where it had none")
    .option(...JSON_OPTION)
    .action(async (requestId: string, options: { json?: boolean }) =>
      end(await request(context(), { requestId, ...options })),
    );

  program
    .command('status')
    .description('Show how the deployment stands, and the next command.')
    .option('--watch', 'refresh until Ctrl-C')
    .option(...JSON_OPTION)
    .action(async (options: StatusOptions) => end(await status(context(), options)));

  const dlq = program.command('dlq').description('Look at dead letters.');
  dlq
    .command('list')
    .description('List dead letters from the ledger; touches no message.')
    .addOption(new Option('--reason <reason>', 'only this reason').choices(FAILURE_REASONS))
    .option('--status <code>', "only this HTTP status of the API's last answer", httpStatus)
    .option('--campaign <id>', 'only this campaign; "none" for requests of no campaign')
    .addOption(new Option('--lane <lane>', 'only this lane').choices(LANES))
    .addOption(new Option('--limit <n>', 'at most so many, or "all"').default(DEFAULT_LIMIT).argParser(limit))
    .option(...JSON_OPTION)
    .action(async (options: DlqListOptions) => end(await dlqList(context(), options)));
  return program;
}

/** Commander puts hints on lines of their own. */
const oneLine = (text: string): string =>
  `resets: ${plain(text.trim().replace(/^error: /, ''))}; see --help`.replaceAll(/\.(?=; see)/g, '');

function positiveInteger(value: string): number {
  if (!/^[1-9]\d{0,14}$/.test(value)) throw new InvalidArgumentError('Give a whole number from 1 on.');
  return Number(value);
}

const limit = (value: string): number => (value === 'all' ? Number.POSITIVE_INFINITY : positiveInteger(value));

function httpStatus(value: string): number {
  if (!/^[1-5]\d\d$/.test(value)) throw new InvalidArgumentError('Give an HTTP status such as 404.');
  return Number(value);
}

function version(): string {
  const file = readFileSync(new URL('../package.json', import.meta.url), 'utf8');
  return (JSON.parse(file) as { version: string }).version;
}
