import { describe, expect, it } from 'vitest';
import { NOON } from '../../../../support/virtual-clock.ts';
import { aDeployment, type Become, people } from './scene.ts';

const PEOPLE = people(200);
const CANARY = ['--canary', '20', '--yes'];

const resetAll: Become = () => ({ state: 'succeeded', at: NOON });
const failAll: Become = () => ({ state: 'failed', reason: 'rejected', lastStatus: 404, at: NOON });
const failHalf: Become = (index) => (index % 2 === 0 ? resetAll(index) : failAll(index));

const deploymentWith = (become: Become) => {
  const deployment = aDeployment();
  deployment.world.become = become;
  return deployment;
};

describe('the canary of a campaign', () => {
  it('is told in the preview, sent first, and lets the rest follow if half of it is reset', async () => {
    const { start, sent, written, item } = deploymentWith(failHalf);
    const { code, out, err } = await start(PEOPLE, CANARY);
    expect(err).toContain('Canary: 20 of them first, drawn at random; the rest only if at most 10 of these fail.');
    expect(err).toMatch(/^Canary: 10 of 20 reset, 10 failed \(rejected 404: 10\)\. Sending the rest\.$/m);
    expect({ code, sent: sent().length, isSent: item()?.sentAt }).toEqual({ code: 0, sent: 200, isSent: NOON });
    expect(out).toMatch(/^Sent 200 of 200 /);
    expect(written.get('action-1')).toMatchObject({ state: 'done', done: 200, details: { canaryEnd: 'passed' } });
  });

  it('that fails stops the campaign, says what failed and how to go on, and is written down', async () => {
    const { start, sent, written, item } = deploymentWith(failAll);
    const { code, out, err, fault } = await start(PEOPLE, CANARY);
    expect(err).toMatch(/^Canary stopped: 0 of 20 reset, 20 failed\./m);
    expect(err).toMatch(
      /To send the rest all the same: npx resets campaign start \S+people\.csv --id breach-7 --canary 20 --continue$/m,
    );
    expect(fault).toBe('resets: The canary has stopped the campaign.');
    expect(out).toMatch(/^Sent 20 of 200 /);
    expect({ code, sent: sent().length, isSent: item()?.sentAt }).toEqual({ code: 1, sent: 20, isSent: undefined });
    expect(written.get('action-1')).toMatchObject({
      state: 'interrupted',
      done: 20,
      details: { canaryEnd: 'stopped' },
    });
  });

  it('that has failed fails again without --continue, and with it the rest is sent', async () => {
    const { start, sent } = deploymentWith(failAll);
    await start(PEOPLE, CANARY);
    const again = await start(PEOPLE, CANARY);
    expect(again).toMatchObject({ code: 1, fault: 'resets: The canary has stopped the campaign.' });
    expect(again.err).toMatch(/^Canary: the 20 that were sent before are watched first; the rest only if at most 10/m);
    expect(sent()).toHaveLength(20);
    const { code, err } = await start(PEOPLE, [...CANARY, '--continue']);
    expect(err).toMatch(/^Canary: sent before; the rest is sent whatever has come of it/m);
    expect(err).not.toMatch(/only if|^Canary stopped/m);
    expect({ code, people: new Set(sent().map(({ email }) => email)).size }).toEqual({ code: 0, people: 200 });
  });

  it.each([
    ['without it', []],
    ['with a smaller one', ['--canary', '10']],
  ])('that has failed is not passed by the same campaign %s', async (_claim, options) => {
    const { start, sent } = deploymentWith(failAll);
    await start(PEOPLE, CANARY);
    const { code, fault } = await start(PEOPLE, [...options, '--yes']);
    expect(fault).toBe(
      'resets: Nothing was sent. Campaign breach-7 was started with --canary 20; give the same as then, or another --id.',
    );
    expect({ code, sent: sent().length }).toEqual({ code: 1, sent: 20 });
  });

  it.each<[claim: string, become: Become, advice: RegExp | undefined]>([
    [
      'advises to switch the brake off where most were rejected',
      (index) => (index === 0 ? resetAll(index) : failAll(index)),
      /^Of those sent before, 19 of 20 were rejected\. .*: npx resets budget release --brake-off 8h --lane bulk$/m,
    ],
    ['says nothing of the brake where half were rejected', failHalf, undefined],
  ])('that was watched: the preview of the rest %s', async (_claim, become, advice) => {
    const { start } = deploymentWith(become);
    await start(PEOPLE, [...CANARY, '--max-failures', '5']);
    const { out } = await start(PEOPLE, ['--canary', '20', '--max-failures', '5', '--continue', '--dry-run']);
    if (advice === undefined) expect(out).not.toContain('brake');
    else expect(out).toMatch(advice);
  });

  it('is sent and watched in spite of --continue where none was', async () => {
    const { start, sent } = deploymentWith(failAll);
    expect((await start(PEOPLE, [...CANARY, '--continue'])).code).toBe(1);
    expect(sent()).toHaveLength(20);
  });

  it('is not watched again once the campaign was sent beyond it', async () => {
    const { start, world, io, sent } = deploymentWith(resetAll);
    world.answer = (call) => {
      if (call === 4) io().interrupt();
      return undefined;
    };
    expect((await start(PEOPLE, CANARY)).code).toBe(130);
    expect(sent().length).toBeGreaterThan(20);
    world.answer = undefined;
    const { code, err } = await start(PEOPLE, CANARY);
    expect(err).not.toMatch(/Canary/);
    expect({ code, people: new Set(sent().map(({ email }) => email)).size }).toEqual({ code: 0, people: 200 });
  });

  it('that is interrupted while it is watched is watched on by the same command', async () => {
    let isDone = false;
    const { start, io, world, sent, requests } = deploymentWith(() => (isDone ? resetAll(0) : { state: 'waiting' }));
    world.onRun = (run) => {
      const { sleep } = run.clock;
      run.clock.sleep = (ms, signal) => {
        io().interrupt();
        return sleep(ms, signal);
      };
    };
    const first = await start(PEOPLE, CANARY);
    expect(first.fault).toMatch(/^resets: Interrupted\. The same command goes on/);
    expect({ code: first.code, sent: sent().length }).toEqual({ code: 130, sent: 20 });
    isDone = true;
    world.onRun = () => {};
    for (const request of requests) Object.assign(request, { state: 'succeeded' });
    const { code, err } = await start(PEOPLE, CANARY);
    expect(err).toMatch(/^Canary: 20 of 20 reset, 0 failed\. Sending the rest\.$/m);
    expect({ code, people: new Set(sent().map(({ email }) => email)).size }).toEqual({ code: 0, people: 200 });
  });

  it('may be larger than the campaign, and is the whole of it then', async () => {
    const { start, sent } = deploymentWith(resetAll);
    const { code, err, out } = await start(people(5), CANARY);
    expect(err).toMatch(/^Canary: 5 of 5 reset, 0 failed\. That was the whole campaign\.$/m);
    expect(out).toMatch(/^Sent 5 of 5 /);
    expect({ code, sent: sent().length }).toEqual({ code: 0, sent: 5 });
  });
});
