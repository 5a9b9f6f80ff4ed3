import type { Lane } from '../../functions/contract/reset-request.ts';
import { DEFAULT_STACK_NAME, OUTPUTS } from '../../functions/contract/stack-outputs.ts';
import { CommandFailed } from '../terminal/io.ts';

/** The parts of a deployment that the command line talks to. */
export interface Deployment {
  /** How it was found, for the operator: "stack PasswordResets". */
  name: string;
  laneQueueUrls: Record<Lane, string>;
  deadLetterQueueUrl: string;
  ledgerTableName: string;
}

const NEEDED = {
  interactiveQueueUrl: OUTPUTS.interactiveQueueUrl,
  bulkQueueUrl: OUTPUTS.bulkQueueUrl,
  deadLetterQueueUrl: OUTPUTS.deadLetterQueueUrl,
  ledgerTableName: OUTPUTS.ledgerTableName,
} as const;

/** `InteractiveQueueUrl` is given as `RESETS_INTERACTIVE_QUEUE_URL`. */
const variableOf = (output: string): string => `RESETS_${output.replaceAll(/(?<=[a-z])(?=[A-Z])/g, '_').toUpperCase()}`;

/** The variables that together name a deployment. */
export const DEPLOYMENT_VARIABLES: readonly string[] = Object.values(NEEDED).map(variableOf);

type Outputs = Record<string, string | undefined>;

/** @param place where the outputs were looked for, and the way out if some are missing. */
export function deploymentOf(outputs: Outputs, name: string, place: { missingIn: string; wayOut: string }): Deployment {
  const missing = Object.values(NEEDED).filter((output) => !outputs[output]);
  if (missing.length > 0) {
    throw new CommandFailed(`${place.missingIn} lacks ${missing.join(', ')}; ${place.wayOut}.`);
  }
  const given = (output: string): string => outputs[output] ?? '';
  return {
    name,
    laneQueueUrls: { interactive: given(NEEDED.interactiveQueueUrl), bulk: given(NEEDED.bulkQueueUrl) },
    deadLetterQueueUrl: given(NEEDED.deadLetterQueueUrl),
    ledgerTableName: given(NEEDED.ledgerTableName),
  };
}

/** @returns undefined where no variable is set at all. */
export function deploymentOfVariables(env: Outputs): Deployment | undefined {
  if (DEPLOYMENT_VARIABLES.every((variable) => !env[variable])) return undefined;
  const missing = DEPLOYMENT_VARIABLES.filter((variable) => !env[variable]);
  if (missing.length > 0) {
    throw new CommandFailed(
      `The environment names a deployment in part: set ${missing.join(', ')} too, or unset all of ${DEPLOYMENT_VARIABLES.join(', ')}.`,
    );
  }
  const outputs = Object.fromEntries(Object.values(NEEDED).map((output) => [output, env[variableOf(output)]]));
  return deploymentOf(outputs, 'the deployment that RESETS_… variables name', {
    missingIn: 'The environment',
    wayOut: 'set the variable',
  });
}

/** Reads the text of a file that `cdk deploy --outputs-file` writes: outputs by stack. */
export function deploymentOfOutputsFile(text: string, file: string, stack: string | undefined): Deployment {
  const stacks = parseStacks(text, file);
  const names = Object.keys(stacks);
  const name = stack ?? (names.length === 1 ? names[0] : DEFAULT_STACK_NAME);
  const outputs = name === undefined ? undefined : stacks[name];
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
    json = JSON.parse(text);
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
