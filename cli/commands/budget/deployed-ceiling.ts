import type { Connection } from '../../deployment/connect.ts';
import type { DeployedCeiling } from '../../deployment/find-deployment.ts';
import { CommandFailed } from '../../terminal/io.ts';

/** What is deployed, without which no other ceiling can be reckoned with. */
export function deployedCeiling({ deployment }: Pick<Connection, 'deployment'>): DeployedCeiling {
  if (deployment.ceiling !== undefined) return deployment.ceiling;
  throw new CommandFailed(
    `The ceiling that is deployed is not known: ${deployment.name} does not tell Quota, CallsPerMinute, CallBurst and InteractiveReserve. Deploy this version and take its outputs, or set RESETS_QUOTA, RESETS_CALLS_PER_MINUTE, RESETS_CALL_BURST and RESETS_INTERACTIVE_RESERVE beside the other variables.`,
  );
}
