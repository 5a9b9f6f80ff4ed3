import { PutCommand } from '@aws-sdk/lib-dynamodb';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { run } from '../../cli/program.ts';
import type { actionJson } from '../../cli/queries/actions.ts';
import { freshBudget } from '../../functions/call-budget/state.ts';
import { CREDENTIALS, REGION } from '../../local/aws/account.ts';
import type { FaultRule } from '../../local/aws/faults.ts';
import { aCampaign, anAction } from '../support/builders.ts';
import { testIo } from '../support/cli/command-line.ts';
import { type StandInDeployment, startDeployment, TABLE } from '../support/cli/stand-ins.ts';

// One try that gives up soon: how often AWS is asked is the SDK's affair.
vi.mock('../../cli/deployment/client-options.ts', async (original) => {
  const { CLIENT_OPTIONS } = await original<typeof import('../../cli/deployment/client-options.ts')>();
  const requestHandler = { ...CLIENT_OPTIONS.requestHandler, requestTimeout: 250 };
  const options = { ...CLIENT_OPTIONS, requestHandler, maxAttempts: 1 };
  return { CLIENT_OPTIONS: options, SQS_CLIENT_OPTIONS: { ...options, useQueueUrlAsEndpoint: false } };
});

let deployment: StandInDeployment;
beforeAll(async () => {
  deployment = await startDeployment();
  vi.stubEnv('AWS_ENDPOINT_URL', deployment.origin);
  vi.stubEnv('AWS_REGION', REGION);
  vi.stubEnv('AWS_ACCESS_KEY_ID', CREDENTIALS.accessKeyId);
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', CREDENTIALS.secretAccessKey);
});
afterAll(async () => {
  vi.unstubAllEnvs();
  await deployment.stop();
});

const budgetItem = (state: unknown, revision = 1) =>
  deployment.documents.send(new PutCommand({ TableName: TABLE, Item: { pk: 'budget', revision, writer: 'w', state } }));

beforeEach(async () => {
  deployment.faults.clear();
  await deployment.put(aCampaign('spring', { at: Date.now() }), anAction('a-1', runningNow()));
  await budgetItem({ ...freshBudget(Date.now()), revision: 1, ceiling: { quota: 'known', perMinute: 30, burst: 5 } });
});

const runningNow = () => ({ state: 'running', heardAt: Date.now(), planned: 2 }) as const;

let ids = 0;

async function resets(...args: string[]) {
  const io = testIo();
  io.newId = () => {
    ids += 1;
    return `id-${ids}`;
  };
  io.env = {
    RESETS_INTERACTIVE_QUEUE_URL: deployment.url('interactive'),
    RESETS_BULK_QUEUE_URL: deployment.url('bulk'),
    RESETS_DEAD_LETTER_QUEUE_URL: deployment.url('dead'),
    RESETS_LEDGER_TABLE_NAME: TABLE,
    RESETS_QUOTA: 'known',
    RESETS_CALLS_PER_MINUTE: '60',
    RESETS_CALL_BURST: '10',
    RESETS_INTERACTIVE_RESERVE: '3',
  };
  const code = await run(args, io);
  return {
    code,
    out: io.stdout.text,
    err: io.stderr.text,
    faults: io.stderr.lines.filter((line) => line.startsWith('resets:')),
  };
}

type ActionJson = ReturnType<typeof actionJson>;
const actions = async (): Promise<ActionJson[]> =>
  JSON.parse((await resets('actions', '--json', '--limit', 'all')).out).actions;

describe('The commands that control', () => {
  it('an operator pauses, sets, cancels and resumes, and each is found among the actions with who did it', async () => {
    expect((await resets('lane', 'pause', 'bulk', '--reason', 'wrong file', '--until', '8h', '--yes')).code).toBe(0);
    expect((await resets('budget', 'show')).out).toMatch(/held +paused by arn:aws:.* \("wrong file"\) on lane bulk/);
    expect((await resets('budget', 'set', '45', '--yes')).code).toBe(0);
    expect((await resets('campaign', 'cancel', 'spring', '--yes')).code).toBe(0);
    expect((await resets('campaign', 'list')).out).toMatch(/spring +cancelled/);
    expect((await resets('lane', 'resume', 'bulk', '--yes')).out).toBe('Resumed: lane bulk.\n');
    expect((await resets('budget', 'clear', '--yes')).code).toBe(0);
    const done: ActionJson[] = (await actions()).filter(({ actionId }) => actionId !== 'a-1');
    // Their times are AWS's, whole seconds in each run: those of one second may come in any order.
    expect(done.map(({ command, state }) => `${command}: ${state}`).sort()).toEqual([
      'budget clear: done',
      'budget set 45 --burst 10: done',
      'campaign cancel spring: done',
      'lane pause bulk --until 8h: done',
      'lane resume bulk: done',
    ]);
    for (const { who } of done) expect(who).toMatch(/^arn:aws:(iam|sts)::000000000000:/);
  });

  it("reckon by AWS's clock: a machine that is days off lists its pause as of now", async () => {
    await resets('lane', 'pause', 'all', '--yes');
    const { holds } = JSON.parse((await resets('budget', 'show', '--json')).out);
    expect(Math.abs(Date.parse(holds[0].since) - Date.now())).toBeLessThan(30_000);
  });

  it.each<[claim: string, args: string[], line: RegExp]>([
    ['a lane that is none', ['lane', 'pause', 'fast'], /'fast' is invalid.*interactive, bulk, all/],
    ['no lane', ['lane', 'resume'], /missing required argument 'lane'/],
    ['an end that is none', ['lane', 'pause', 'bulk', '--until', 'soon'], /RFC 3339 time such as/],
    [
      'an end that has passed',
      ['lane', 'pause', 'bulk', '--until', '2020-01-01T00:00:00Z', '--yes'],
      /--until has passed/,
    ],
    ['a rate of nothing', ['budget', 'set', '0'], /'0' is invalid.*positive whole number/],
    ['a rate beyond the bounds', ['budget', 'set', '6001'], /whole number from 1 to 6000/],
    ['a burst beyond the bounds', ['budget', 'set', '60', '--burst', '1001'], /whole number from 1 to 1000/],
    ['a brake off for over a day', ['budget', 'release', '--brake-off', '25h'], /Give at most 24h/],
    ['a brake off until a time', ['budget', 'release', '--brake-off', '2099-01-01T00:00:00Z'], /Give a duration/],
    ['a campaign that begins with -', ['campaign', 'cancel', '-x'], /unknown option '-x'/],
    ['a campaign against the alphabet', ['campaign', 'cancel', 'a/b', '--yes'], /The campaign id has a character/],
    ['an action that begins with -', ['actions', 'show', '-x'], /unknown option '-x'/],
    ['an action against the alphabet', ['actions', 'abort', 'a b', '--yes'], /The action id has a character/],
    ['an action in place of a command', ['actions', 'a-1'], /too many arguments for 'list'/],
    ['a limit of nothing', ['actions', '--limit', '0'], /'0' is invalid/],
    ['no terminal and no --yes', ['lane', 'pause', 'bulk'], /There is no terminal to ask on; add --yes/],
  ])('answer %s with one line and exit code 2', async (_claim, args, line) => {
    const { code, out, err } = await resets(...args);
    expect({ code, out }).toEqual({ code: 2, out: '' });
    expect(err.trim().split('\n')).toHaveLength(1);
    expect(err).toMatch(/^resets: /);
    expect(err).toMatch(line);
  });

  it('end their help with examples', async () => {
    const groups = {
      lane: 'pause resume',
      budget: 'show set clear release',
      campaign: 'list cancel',
      actions: 'list show abort',
    };
    const commands = Object.entries(groups).flatMap(([group, names]) => [
      group,
      ...names.split(' ').map((name) => `${group} ${name}`),
    ]);
    for (const command of commands) {
      expect((await resets(...command.split(' '), '--help')).out, command).toMatch(/\nExamples?:\n( {2}resets .*\n)+$/);
    }
  });

  it('actions and actions list are the same, with the same options', async () => {
    await resets('lane', 'pause', 'all', '--yes');
    for (const args of [['actions'], ['actions', 'list']]) {
      expect((await resets(...args, '--limit', '1')).out.trim().split('\n')).toHaveLength(2);
    }
  });
});

const CHANGES = [
  ['lane', 'pause', 'bulk', '--yes'],
  ['lane', 'resume', 'bulk', '--yes'],
  ['budget', 'set', '40', '--yes'],
  ['budget', 'clear', '--yes'],
  ['budget', 'release', '--brake-off', '1h', '--yes'],
  ['campaign', 'cancel', 'spring', '--yes'],
  ['actions', 'abort', 'a-1', '--yes'],
  ['enqueue', 'a@b.de', '--yes'],
];
const REPORTS = [['budget', 'show'], ['campaign', 'list'], ['actions'], ['actions', 'show', 'a-1']];
const error = (name: string): Partial<FaultRule> => ({
  answer: { status: 400, body: { __type: `com.amazonaws.dynamodb.v20120810#${name}`, message: 'no' } },
});

describe.each([...CHANGES, ...REPORTS].map((args) => [args.join(' '), args] as const))('%s', (name, args) => {
  it.each<[claim: string, rule: Partial<FaultRule>, words: RegExp]>([
    ['throttled', { kind: 'throttle' }, /AWS throttles calls for (the )?ledger table/],
    ['failing', { kind: 'fail' }, /InternalServerError/],
    ['cut off', { kind: 'cut' }, /Could not reach AWS for (the )?ledger table.*\(ECONNRESET\)/],
    ['hanging', { kind: 'hang' }, /AWS did not answer in time for (the )?ledger table/],
    ['denied by IAM', error('AccessDeniedException'), /Access to (the )?ledger table.* is denied/],
    ['of a table that was deleted', error('ResourceNotFoundException'), /There is no ledger table/],
  ])(`${name}, %s, ends with one line and exit code 1`, async (_claim, rule, words) => {
    deployment.faults.add({ operation: 'dynamodb:*', kind: 'fail', times: 99, ...rule });
    const { code, out, faults, err } = await resets(...args);
    expect({ code, out }).toEqual({ code: 1, out: '' });
    expect(faults).toHaveLength(1);
    expect(faults[0]).toMatch(words);
    expect(err).not.toMatch(/\n {4}at |This is a bug/);
  });
});

describe('A change', () => {
  it.each(CHANGES.map((args) => [args.join(' '), args] as const))(
    '%s of somebody who may not ask who that is changes nothing, and says so in one line',
    async (name, args) => {
      await resets('lane', 'pause', 'bulk', '--yes');
      const before = await actions();
      deployment.faults.add({ operation: 'sts:*', kind: 'throttle', times: 99 });
      const { code, out, err } = await resets(...args);
      deployment.faults.clear();
      expect({ name, code, out }).toEqual({ name, code: 1, out: '' });
      expect(err).toMatch(/^resets: AWS throttles calls for your identity \(sts:GetCallerIdentity\).*\n$/);
      expect(await actions()).toEqual(before);
    },
  );

  it.each(
    CHANGES.filter(([group]) => group === 'lane' || group === 'budget').map((args) => [args.join(' '), args] as const),
  )('%s over an item that was damaged by hand changes nothing, and names the member', async (_name, args) => {
    await budgetItem({ ...freshBudget(Date.now()), arrival: 'noon' });
    const { code, out, err } = await resets(...args);
    expect({ code, out }).toEqual({ code: 1, out: '' });
    expect(err).toMatch(
      /^resets: The item "budget" of the ledger table has been changed by hand: state\.arrival .*delete it.*\n$/,
    );
  });

  it('over an item that nobody can write any more blames no other writer, and status does not call it idle', async () => {
    await budgetItem({ ...freshBudget(Date.now()), revision: 1 }, 5);
    const damaged = /The item "budget" of the ledger table has been changed by hand: revision /;
    expect((await resets('lane', 'pause', 'bulk', '--yes')).err).toMatch(damaged);
    const { code, out } = await resets('status', '--no-totals');
    expect({ code, out }).toEqual({ code: 1, out: expect.stringMatching(/^Unknown: the holds cannot be read\. /) });
  });

  it('whose write was made and whose answer was lost says that nobody knows, and is listed as interrupted', async () => {
    deployment.faults.add({ operation: 'dynamodb:PutItem', kind: 'done-but-cut', bodyIncludes: '"quietUntil"' });
    const { code, faults } = await resets('lane', 'pause', 'bulk', '--yes');
    expect(code).toBe(1);
    expect(faults).toEqual([
      expect.stringMatching(/^resets: Whether it was changed is not known: give the command again/),
    ]);
    expect((await actions()).filter(({ state }) => state === 'interrupted')).toMatchObject([
      { command: 'lane pause bulk', done: 0 },
    ]);
  });

  it('whose table is deleted between the question and the write changes nothing', async () => {
    deployment.faults.add({
      operation: 'dynamodb:PutItem',
      kind: 'fail',
      bodyIncludes: '"quietUntil"',
      ...error('ResourceNotFoundException'),
    });
    const { code, faults } = await resets('lane', 'pause', 'bulk', '--yes');
    expect(code).toBe(1);
    expect(faults).toEqual([expect.stringMatching(/^resets: Nothing was changed\. There is no ledger table Ledger/)]);
  });

  it('is made although the lanes cannot be counted', async () => {
    deployment.faults.add({ operation: 'sqs:*', kind: 'fail', times: 99 });
    expect((await resets('lane', 'pause', 'bulk', '--yes')).code).toBe(0);
  });

  it('is made by the second of two operators who ask for the same', async () => {
    expect((await resets('campaign', 'cancel', 'spring', '--yes')).code).toBe(0);
    const again = await resets('campaign', 'cancel', 'spring', '--yes');
    expect(again).toMatchObject({ code: 0, out: expect.stringMatching(/^Cancelled already, since /), err: '' });
  });
});
