import { readFile } from 'node:fs/promises';
import type { Ceiling } from '../../functions/call-budget/state.ts';
import { QUOTA_KINDS } from '../../functions/contract/quota.ts';
import type { Lane } from '../../functions/contract/reset-request.ts';
import { DEFAULT_STACK_NAME, OUTPUTS } from '../../functions/contract/stack-outputs.ts';
import { CommandFailed, type Io } from '../terminal/io.ts';
import { plain } from '../terminal/text.ts';
import { explain } from './aws-errors.ts';
import { CLIENT_OPTIONS } from './client-options.ts';

/** How the operator names the deployment. */
export interface DeploymentChoice {
  stack?: string;
  outputs?: string;
}

/** The parts of a deployment that the command line talks to. */
export interface FoundDeployment {
  /** How it was found, for the operator: "stack PasswordResets". */
  name: string;
  laneQueueUrls: Record<Lane, string>;
  deadLetterQueueUrl: string;
  ledgerTableName: string;
  /** What the outputs do not tell is undefined: old ones lack it, and so may variables. */
  ceiling: DeployedCeiling | undefined;
  secretArn: string | undefined;
  alarmTopicArn: string | undefined;
  noticeTopicArn: string | undefined;
}

/** How often the API may be called unless an operator sets another ceiling. */
export interface DeployedCeiling extends Ceiling {
  /** Permits of the burst that only `interactive` may take. */
  reserve: number;
}

const NEEDED = {
  interactiveQueueUrl: OUTPUTS.interactiveQueueUrl,
  bulkQueueUrl: OUTPUTS.bulkQueueUrl,
  deadLetterQueueUrl: OUTPUTS.deadLetterQueueUrl,
  ledgerTableName: OUTPUTS.ledgerTableName,
} as const;

/** Without them some things cannot be told or done. */
const USEFUL = [
  OUTPUTS.quota,
  OUTPUTS.callsPerMinute,
  OUTPUTS.callBurst,
  OUTPUTS.interactiveReserve,
  OUTPUTS.apiTokenSecretArn,
  OUTPUTS.alarmTopicArn,
  OUTPUTS.noticeTopicArn,
] as const;

/** `InteractiveQueueUrl` is given as `RESETS_INTERACTIVE_QUEUE_URL`. */
const variableOf = (output: string): string => `RESETS_${output.replaceAll(/(?<=[a-z])(?=[A-Z])/g, '_').toUpperCase()}`;

/** The variables that together name a deployment. */
export const DEPLOYMENT_VARIABLES: readonly string[] = Object.values(NEEDED).map(variableOf);
export const USEFUL_VARIABLES: readonly string[] = USEFUL.map(variableOf);

type Outputs = Record<string, string | undefined>;

/** The nearest word wins: `--outputs`, `--stack`, the variable RESETS_OUTPUTS, RESETS_… variables, the default stack. */
export async function findDeployment(env: Io['env'], { stack, outputs }: DeploymentChoice): Promise<FoundDeployment> {
  const file = outputs ?? (stack === undefined ? env.RESETS_OUTPUTS : undefined);
  if (file) return deploymentOfOutputsFile(await readOutputs(file), file, stack);
  const named = stack === undefined ? deploymentOfVariables(env) : undefined;
  return named ?? describeStack(stack ?? DEFAULT_STACK_NAME);
}

async function readOutputs(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new CommandFailed(
      `The outputs file ${file} cannot be read (${code}); name another with --outputs or RESETS_OUTPUTS.`,
      undefined,
      error,
    );
  }
}

async function describeStack(name: string): Promise<FoundDeployment> {
  const { CloudFormationClient, DescribeStacksCommand } = await import('@aws-sdk/client-cloudformation');
  const client = new CloudFormationClient(CLIENT_OPTIONS);
  const answer = await explain(
    `stack ${name}`,
    client.send(new DescribeStacksCommand({ StackName: name })).catch((error: Error) => {
      // CloudFormation has no error of its own for this.
      if (!/does not exist/.test(error.message)) throw error;
      throw new CommandFailed(noSuchStack(name), undefined, error);
    }),
  );
  const { Outputs = [], StackStatus } = answer.Stacks?.[0] ?? {};
  return deploymentOf(
    Object.fromEntries(Outputs.map(({ OutputKey = '', OutputValue }) => [OutputKey, OutputValue])),
    `stack ${name}`,
    {
      missingIn: StackStatus === undefined ? `Stack ${name}` : `Stack ${name} (${StackStatus})`,
      // A stack that is made for the first time tells its outputs at the end.
      wayOut: `${StackStatus?.endsWith('_IN_PROGRESS') ? 'wait until its deployment has ended' : 'deploy this project there'}, or choose another stack with --stack`,
    },
  );
}

const noSuchStack = (name: string): string =>
  `There is no stack ${name} in this account and region; name yours with --stack, give --outputs FILE, or set ${DEPLOYMENT_VARIABLES.join(', ')}.`;

/** Where outputs were looked for, and the way out if some are missing or wrong. */
interface Place {
  missingIn: string;
  wayOut: string;
}

function deploymentOf(outputs: Outputs, name: string, place: Place): FoundDeployment {
  const missing = Object.values(NEEDED).filter((output) => !outputs[output]);
  if (missing.length > 0) {
    throw new CommandFailed(`${place.missingIn} lacks ${missing.join(', ')}; ${place.wayOut}.`);
  }
  const given = (output: string): string => outputs[output] ?? '';
  return {
    ceiling: ceilingOf(outputs, place),
    secretArn: outputs[OUTPUTS.apiTokenSecretArn] || undefined,
    alarmTopicArn: outputs[OUTPUTS.alarmTopicArn] || undefined,
    noticeTopicArn: outputs[OUTPUTS.noticeTopicArn] || undefined,
    // A file's stack may have any name, and it is printed.
    name: plain(name),
    laneQueueUrls: { interactive: given(NEEDED.interactiveQueueUrl), bulk: given(NEEDED.bulkQueueUrl) },
    deadLetterQueueUrl: given(NEEDED.deadLetterQueueUrl),
    ledgerTableName: given(NEEDED.ledgerTableName),
  };
}

/** @returns undefined if the outputs do not tell it. */
function ceilingOf(outputs: Outputs, { missingIn, wayOut }: Place): DeployedCeiling | undefined {
  const names = [OUTPUTS.quota, OUTPUTS.callsPerMinute, OUTPUTS.callBurst, OUTPUTS.interactiveReserve];
  if (names.some((name) => !outputs[name])) return undefined;
  const whole = (name: string, least: number): number => {
    const value = outputs[name] ?? '';
    if (/^\d{1,9}$/.test(value) && Number(value) >= least) return Number(value);
    throw new CommandFailed(`${missingIn}: ${name} is not a whole number from ${least}; ${wayOut}.`);
  };
  const quota = QUOTA_KINDS.find((kind) => kind === outputs[OUTPUTS.quota]);
  if (quota === undefined) {
    throw new CommandFailed(`${missingIn}: ${OUTPUTS.quota} is not ${QUOTA_KINDS.join(' or ')}; ${wayOut}.`);
  }
  return {
    quota,
    perMinute: whole(OUTPUTS.callsPerMinute, 1),
    burst: whole(OUTPUTS.callBurst, 1),
    reserve: whole(OUTPUTS.interactiveReserve, 0),
  };
}

/** @returns undefined if none of the variables is set. */
function deploymentOfVariables(env: Outputs): FoundDeployment | undefined {
  if (DEPLOYMENT_VARIABLES.every((variable) => !env[variable])) return undefined;
  const missing = DEPLOYMENT_VARIABLES.filter((variable) => !env[variable]);
  if (missing.length > 0) {
    throw new CommandFailed(
      `The environment names only part of a deployment: set ${missing.join(', ')} too, or unset all of ${DEPLOYMENT_VARIABLES.join(', ')}.`,
    );
  }
  const told = [...Object.values(NEEDED), ...USEFUL];
  const outputs = Object.fromEntries(told.map((output) => [output, env[variableOf(output)]]));
  return deploymentOf(outputs, 'the deployment that RESETS_… variables name', {
    missingIn: 'The environment',
    wayOut: 'set the variable',
  });
}

/** Reads the text of a file that `cdk deploy --outputs-file` writes: outputs by stack. */
function deploymentOfOutputsFile(text: string, file: string, stack: string | undefined): FoundDeployment {
  const stacks = parseStacks(text, file);
  const names = Object.keys(stacks);
  const name = stack ?? (names.length === 1 ? names[0] : DEFAULT_STACK_NAME);
  const outputs = name !== undefined && Object.hasOwn(stacks, name) ? stacks[name] : undefined;
  if (name === undefined || outputs === undefined) {
    throw new CommandFailed(
      names.length === 0
        ? `${file} names no stack; write it with \`cdk deploy --outputs-file\`.`
        : `${file} has no stack ${name}, only ${names.join(', ')}; choose one with --stack.`,
    );
  }
  return deploymentOf(outputs, `stack ${name} of ${file}`, {
    missingIn: `Stack ${name} in ${file}`,
    wayOut: 'write it again with `cdk deploy --outputs-file`',
  });
}

function parseStacks(text: string, file: string): Record<string, Outputs> {
  let json: unknown;
  try {
    // PowerShell begins a file with a byte order mark.
    json = JSON.parse(text.replace(/^\uFEFF/, ''));
  } catch {
    throw new CommandFailed(`${file} is not JSON; write it with \`cdk deploy --outputs-file\`.`);
  }
  const isObject = (value: unknown): value is Record<string, unknown> =>
    typeof value === 'object' && value !== null && !Array.isArray(value);
  const isOutputs = (value: unknown): value is Outputs =>
    isObject(value) && Object.values(value).every((output) => typeof output === 'string');
  if (!isObject(json) || !Object.values(json).every(isOutputs)) {
    throw new CommandFailed(`${file} is not a list of outputs by stack; write it with \`cdk deploy --outputs-file\`.`);
  }
  return json as Record<string, Outputs>;
}
