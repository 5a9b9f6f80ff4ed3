import type { BudgetState } from '../../../functions/call-budget/state.ts';
import { LANES, type Lane } from '../../../functions/contract/reset-request.ts';
import { OUTPUTS } from '../../../functions/contract/stack-outputs.ts';
import { failureOf } from '../../deployment/aws-errors.ts';
import type { Connection, Context } from '../../deployment/connect.ts';
import { DEPLOYMENT_VARIABLES } from '../../deployment/find-deployment.ts';
import type { Topic } from '../../deployment/topic.ts';
import { VERIFY_CAMPAIGN } from '../../queries/campaigns/campaign-ids.ts';
import { laneCounts, queued } from '../../queries/lane-counts.ts';
import { holdWords, standingHolds } from '../../queries/standing-holds.ts';
import { runbookOf, wayOutOf } from '../../queries/way-out.ts';
import { counted, number, relative, shellWord, time } from '../../terminal/text.ts';
import { type Check, checked, type Finding, failed, notChecked, ok, warning } from './check.ts';

/** What a look at a deployment tells, without a change of anything. */
export async function deploymentChecks(context: Context, connection: Connection): Promise<Check[]> {
  const { deployment, queues } = connection;
  // Two checks stand on it, and one of them tells of its fault.
  const budget = connection.budget.read();
  budget.catch(() => {});
  return Promise.all([
    checked('outputs', async () => outputsFinding(connection)),
    ...LANES.map((lane) => checked(`${lane} queue`, () => laneQueueFinding(connection, lane))),
    checked('dead-letter queue', async () => {
      const letters = await queues.counts(deployment.deadLetterQueueUrl);
      return ok(`there, with ${counted(queued(letters), 'message')}`);
    }),
    checked('ledger table', () => ledgerFinding(connection)),
    checked('call budget', async () => budgetFinding(connection, await budget)),
    checked('holds', () => holdsFinding(context, connection, budget)),
    checked('secret', () => secretFinding(connection), { matters: false }),
    checked('pages', () => topicFinding(connection.topics.page, 'alarmTopicArn'), { matters: false }),
    checked('notices', () => topicFinding(connection.topics.notice, 'noticeTopicArn'), { matters: false }),
  ]);
}

const WRITE_OUTPUTS_AGAIN = `deploy again with \`npx cdk deploy --outputs-file\`; beside ${DEPLOYMENT_VARIABLES[0]} and the like set RESETS_QUOTA, RESETS_CALLS_PER_MINUTE, RESETS_CALL_BURST, RESETS_INTERACTIVE_RESERVE and RESETS_API_TOKEN_SECRET_ARN`;

function outputsFinding({ deployment: { ceiling, secretArn } }: Connection): Finding {
  const { quota, callsPerMinute, callBurst, interactiveReserve, apiTokenSecretArn } = OUTPUTS;
  const missing = [
    ...(ceiling === undefined
      ? [`the deployed ceiling (${[quota, callsPerMinute, callBurst, interactiveReserve].join(', ')})`]
      : []),
    ...(secretArn === undefined ? [`the secret (${apiTokenSecretArn})`] : []),
  ];
  if (missing.length > 0) return failed(`they do not tell ${missing.join(' and ')}`, WRITE_OUTPUTS_AGAIN);
  return ok('complete');
}

async function laneQueueFinding({ deployment, region, queues }: Connection, lane: Lane): Promise<Finding> {
  const target = await queues.deadLetterArn(deployment.laneQueueUrls[lane]);
  const deployAgain =
    'somebody has changed the queue by hand: deploy again, or set its redrive policy in the SQS console';
  if (target === undefined) return failed('it has no dead-letter queue', deployAgain);
  // arn:aws:sqs:REGION:ACCOUNT:NAME against …/ACCOUNT/NAME
  const [targetRegion, ...path] = target.split(':').slice(3);
  const isOurs = targetRegion === region && deployment.deadLetterQueueUrl.endsWith(`/${path.join('/')}`);
  if (!isOurs) return failed(`its dead letters go to ${target}, which is not this deployment's queue`, deployAgain);
  return ok('there, and gives up messages to the dead-letter queue');
}

async function ledgerFinding({ deployment, ledger }: Connection): Promise<Finding> {
  const index = ledger.campaigns()[Symbol.asyncIterator]();
  await Promise.all([ledger.findCampaign(VERIFY_CAMPAIGN), index.next()]);
  await index.return?.();
  return ok(`${deployment.ledgerTableName} and its index answer`);
}

function budgetFinding({ deployment }: Connection, state: BudgetState | undefined): Finding {
  const pace = ({ perMinute, burst }: { perMinute: number; burst: number }): string =>
    `${counted(perMinute, 'call')} a minute, burst ${number(burst)}`;
  const deployed = deployment.ceiling === undefined ? undefined : pace(deployment.ceiling);
  if (state?.ceiling !== undefined) {
    return ok(`${pace(state.ceiling)}, set by an operator (deployed: ${deployed ?? 'not known'})`);
  }
  const calls = state === undefined ? '; no call was made yet' : '';
  return ok(`${deployed ?? 'the item can be read, and the deployed ceiling is not known: see outputs'}${calls}`);
}

async function holdsFinding(
  context: Context,
  connection: Connection,
  budget: Promise<BudgetState | undefined>,
): Promise<Finding> {
  let state: BudgetState | undefined;
  try {
    state = await budget;
  } catch (error) {
    if (failureOf(error) === undefined) throw error;
    return notChecked('the call budget could not be read', null);
  }
  // Where a lane can't be counted, another check tells why.
  const counts = await laneCounts(connection);
  const now = connection.now();
  const holds = standingHolds(state, counts, now);
  const [gravest] = holds;
  if (gravest === undefined) return ok('none');
  const { deployment } = connection;
  const wayOut = `${wayOutOf(gravest, { deployment, command: context.command })} (${runbookOf(gravest)})`;
  return failed(holds.map((hold) => holdWords(hold, now)).join('; and '), wayOut);
}

async function secretFinding({ deployment, region, secret, now }: Connection): Promise<Finding> {
  if (secret === undefined) return notChecked('nothing names it: see outputs', null, { matters: false });
  const put = `aws secretsmanager put-secret-value --region ${shellWord(region)} --secret-id ${shellWord(deployment.secretArn ?? '')} --secret-string file://token.txt`;
  if (!(await secret.hasValue())) return failed('it has no value yet, so that nobody is called', put);
  const look = await checked('secret', async () => {
    const seen = await secret.look();
    switch (seen.kind) {
      case 'well-formed':
        return expiryFinding(seen.expiresAt, now(), put);
      case 'empty':
        return failed('its value is empty', put);
      case 'malformed':
        return failed('its value is neither a token (no quotes, no blanks) nor {"token": "…"}', put);
    }
  });
  if (look.result !== 'not checked') return look;
  return notChecked(`it has a value; whether that is well formed you may not see: ${look.words}`, null, {
    matters: false,
  });
}

/** As early as the alarm. */
const EXPIRES_SOON_MS = 7 * 24 * 60 * 60_000;

function expiryFinding(expiresAt: number | 'malformed' | undefined, now: number, put: string): Finding {
  const fine = 'it has a value, and that is well formed';
  if (expiresAt === undefined) return ok(fine);
  if (expiresAt === 'malformed') {
    return warning(`${fine}, but for its expiresAt: nobody is told before the token expires`, EXPIRES_AT_FORM);
  }
  const when = `${time(expiresAt)} (${relative(expiresAt, now)})`;
  return expiresAt - now < EXPIRES_SOON_MS
    ? warning(`${fine}; its token expires ${when}`, put)
    : ok(`${fine}; its token expires ${when}`);
}
const EXPIRES_AT_FORM = 'write it as a time such as "2027-01-01T00:00:00Z"';

async function topicFinding(topic: Topic | undefined, option: string): Promise<Finding> {
  if (topic === undefined) {
    return warning('no topic is deployed: they notify nobody', `deploy with -c alarmEmail=ADDRESS or -c ${option}=ARN`);
  }
  const confirmed = await topic.confirmedSubscriptions();
  if (confirmed > 0) return ok(`they notify a topic with ${counted(confirmed, 'confirmed subscription')}`);
  return failed(
    'their topic has no confirmed subscription: they notify nobody',
    'subscribe somebody to it, and follow the link in the mail that SNS sends',
  );
}
