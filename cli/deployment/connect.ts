import type { BudgetStore } from '../../functions/call-budget/shared-item.ts';
import type { ActionLog } from '../../functions/ledger/dynamo/actions.ts';
import type { LetterMarks } from '../../functions/ledger/dynamo/letter-marks.ts';
import type { LedgerReader } from '../../functions/ledger/dynamo/reader.ts';
import type { CampaignLog } from '../../functions/ledger/dynamo/sent-campaigns.ts';
import type { Io } from '../terminal/io.ts';
import { type DeploymentChoice, type FoundDeployment, findDeployment } from './find-deployment.ts';
import type { Queues } from './queues.ts';
import type { Secret } from './secret.ts';
import type { Topic } from './topic.ts';

/** A deployment that was found, and the clients for its parts. */
export interface Connection {
  deployment: FoundDeployment;
  /** Those of the deployment's queues. */
  account: string;
  region: string;
  queues: Queues;
  ledger: LedgerReader;
  /** Throws `BudgetDamaged` where the item is not what the worker writes. */
  budget: BudgetStore;
  actions: ActionLog;
  campaigns: CampaignLog;
  /** What is written of dead letters. */
  marks: LetterMarks;
  /** Undefined where nothing names it. */
  secret: Secret | undefined;
  /** Of the alarms, by severity; undefined if they notify nobody, or where nothing names it. */
  topics: Record<'page' | 'notice', Topic | undefined>;
  /** The ARN of whoever runs the command. */
  caller(): Promise<string>;
  /** Milliseconds since the epoch by AWS's clock: that of holds and actions. */
  now(): number;
}

/** What a command runs in. It connects on its own, once it has found its arguments to be in order. */
export interface Context extends Io {
  connect(): Promise<Connection>;
  /** A command line to paste: "status" as "npx resets --outputs outputs.json status", the way in which this run was started. */
  command(line: string): string;
}

/** Where a change would be made, for whoever is asked. */
export const placeOf = ({ deployment, account, region }: Connection): string =>
  `${deployment.name}, account ${account}, region ${region}`;

/** Finds the deployment and makes the clients. */
export async function connect(
  { env, clock }: Pick<Io, 'env' | 'clock'>,
  choice: DeploymentChoice,
): Promise<Connection> {
  const deployment = await findDeployment(env, choice);
  // The AWS SDK is most of the program, and takes most of its time to load: who asks for help does not wait for it.
  const { awsConnection } = await import('./aws-connection.ts');
  return awsConnection(deployment, clock);
}
