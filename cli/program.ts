import { Command, CommanderError, InvalidArgumentError } from 'commander';
import { DEFAULT_STACK_NAME } from '../functions/contract/stack-outputs.ts';
import manifest from '../package.json' with { type: 'json' };
import { declareActions } from './commands/actions/command.ts';
import { declareBudget } from './commands/budget/command.ts';
import { declareCampaign } from './commands/campaign/command.ts';
import { declareDlq } from './commands/dlq/command.ts';
import { declareEnqueue } from './commands/enqueue/command.ts';
import { declareLane } from './commands/lane/command.ts';
import { declareRequest } from './commands/request/command.ts';
import { declareStatus } from './commands/status/command.ts';
import { declareVerify } from './commands/verify/command.ts';
import type { Declaration, Work } from './declaration.ts';
import { failureOf } from './deployment/aws-errors.ts';
import { type Connection, connect } from './deployment/connect.ts';
import { DEPLOYMENT_VARIABLES, type DeploymentChoice, USEFUL_VARIABLES } from './deployment/find-deployment.ts';
import { CommandFailed, EXIT, type ExitCode, type Io, print } from './terminal/io.ts';
import { plain, shellWord } from './terminal/text.ts';

/** In the order of the help. */
const COMMANDS: readonly Declaration[] = [
  declareEnqueue,
  declareRequest,
  declareStatus,
  declareVerify,
  declareLane,
  declareBudget,
  declareCampaign,
  declareDlq,
  declareActions,
];

type Connect = (io: Io, choice: DeploymentChoice) => Promise<Connection>;

/** Runs one command line, without the program's name. Writes what went wrong as one line on stderr. */
export async function run(args: readonly string[], io: Io, connectTo: Connect = connect): Promise<ExitCode> {
  try {
    const { work, choice } = parse(args, io);
    const start = [io.program, ...choiceArgs(choice)].join(' ');
    return await work({ ...io, connect: () => connectTo(io, choice), command: (line) => `${start} ${line}` });
  } catch (error) {
    // Commander has written its own line.
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.done : EXIT.wrongUsage;
    const failure = failureOf(error) ?? bug(error);
    await print(io.stderr, `resets: ${plain(failure.message)}`);
    return failure.exitCode;
  }
}

/** As they were given; what the environment names is there when a command is pasted, too. */
const choiceArgs = (choice: DeploymentChoice): string[] =>
  (['stack', 'outputs'] as const).flatMap((option) => {
    const value = choice[option];
    return value === undefined ? [] : [`--${option} ${shellWord(value)}`];
  });

/** Where it was thrown is what whoever fixes it needs to know. */
function bug(error: unknown): CommandFailed {
  const { name, message, stack = '' } = error instanceof Error ? error : new Error(String(error));
  const place = stack.split('\n').find((line) => line.startsWith('    at ')) ?? '';
  return new CommandFailed(`This is a bug, please report it: ${name}: ${message}${place.replace(/^ +/, ' ')}`);
}

const AFTER_HELP = `
The deployment is found by --outputs, --stack, the variable RESETS_OUTPUTS, or these variables together:
  ${DEPLOYMENT_VARIABLES.join('\n  ')}
  and, for what else can be told and done, ${USEFUL_VARIABLES.join(', ')};
and otherwise as stack ${DEFAULT_STACK_NAME}. Endpoints, credentials and region come from the ordinary AWS environment.

Exit codes: 0 done, 1 failed, 2 wrong usage, 3 done in part, 130 interrupted.`;

/** @throws CommanderError when there is no command to run: wrong usage, and `--help` and `--version`. */
function parse(args: readonly string[], io: Io): { work: Work; choice: DeploymentChoice } {
  const program = new Command('resets')
    .description('Enqueues password resets and shows what became of them.')
    .version(manifest.version, '-V, --version')
    .option('--stack <name>', `the deployment's stack (default: ${DEFAULT_STACK_NAME})`, named)
    .option('--outputs <file>', 'the outputs as `cdk deploy --outputs-file` writes them', named)
    .addHelpText('after', AFTER_HELP)
    .configureHelp({ showGlobalOptions: true })
    .exitOverride()
    .configureOutput({
      writeOut: (text) => io.stdout.write(text),
      writeErr: (text) => io.stderr.write(text),
      getOutHelpWidth: () => io.stdout.columns || 80,
      getErrHelpWidth: () => io.stderr.columns || 80,
      outputError: (text, write) => write(`resets: ${usageFault(text, meant)}; see ${helpOf(meant)}\n`),
    });
  let meant = program;
  const helpOf = (command: Command): string => [io.program, ...pathOf(command), '--help'].join(' ');
  const chosen: Work[] = [];
  for (const declare of COMMANDS) declare(program, (work) => chosen.push(work));
  for (const group of [program, ...program.commands]) {
    group.hook('preSubcommand', (_group, command) => {
      meant = command;
    });
  }
  program.parse(args, { from: 'user' });
  const [work] = chosen;
  if (work === undefined) throw new Error('A command was parsed and chose no work.');
  return { work, choice: program.opts<DeploymentChoice>() };
}

/** An empty name comes from a variable that is not set: without it another deployment would be found, and changed. */
function named(typed: string): string {
  if (typed !== '') return typed;
  throw new InvalidArgumentError('Give a name that is not empty.');
}

/** The names that lead to a command. */
const pathOf = (command: Command): string[] =>
  command.parent === null ? [] : [...pathOf(command.parent), command.name()];

/** Commander's words as one line: it puts hints on lines of their own. */
function usageFault(text: string, { registeredArguments }: Command): string {
  const fault = plain(text.trim().replace(/^error: /, '')).replace(/\.$/, '');
  const mayBeArgument = /^unknown option '-[^']*'$/.test(fault) && registeredArguments.length > 0;
  return mayBeArgument ? `${fault} (an argument that begins with "-" is given after "--")` : fault;
}
