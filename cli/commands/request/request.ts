import type { RequestItem } from '../../../functions/ledger/items.ts';
import { digesterOf, requestIdFor } from '../../campaigns/request-ids.ts';
import type { Connection, Context } from '../../deployment/connect.ts';
import { findCampaign, idKeyOf, requireCampaignId } from '../../queries/campaigns/find-campaign.ts';
import { type Reading, readingOf } from '../../queries/reading.ts';
import { isUnconfirmed, requestJson } from '../../queries/request-json.ts';
import { holdJson, holdsOn, type StandingHold, standingHolds } from '../../queries/standing-holds.ts';
import { EXIT, type ExitCode, print, wrongUsage } from '../../terminal/io.ts';
import { painter, printJson } from '../../terminal/text.ts';
import { addressProblem, problemOf } from '../../validation.ts';
import { historyLines } from './history.ts';
import { tellOfUnknown } from './unknown-request.ts';

export interface RequestOptions {
  /** In place of an id: a campaign that was sent from a file, and the person. */
  campaign?: string;
  email?: string;
  json?: boolean;
}

/** Tells one request's history from the ledger, and what it waits for. */
export async function request(context: Context, id: string | undefined, options: RequestOptions): Promise<ExitCode> {
  const { json = false } = options;
  const meant = meantBy(id, options);
  const connection = await context.connect();
  const requestId = typeof meant === 'string' ? meant : await requestIdOfPerson(context, connection, meant);
  const item = await connection.ledger.find(requestId);
  if (item === undefined) return tellOfUnknown(context, connection, { requestId, json });
  const holds = await holdsOf(item, connection);
  const now = connection.now();
  if (json) {
    const told = holds.ok ? holds.value.map(holdJson) : null;
    await printJson(context, { found: true, ...requestJson(item, now), holds: told });
  } else {
    const paint = painter(context.stdout, context.env);
    const [sentence = '', ...rows] = historyLines(item, holds, now);
    await print(context.stdout, `${paint('bold', requestId)}  ${sentence}`);
    for (const line of rows) await print(context.stdout, line);
  }
  return holds.ok ? EXIT.done : EXIT.partly;
}

interface Person {
  campaign: string;
  email: string;
}

/** @throws CommandFailed where it is not one of the two: wrong usage. No address is quoted. */
function meantBy(id: string | undefined, { campaign, email }: RequestOptions): string | Person {
  if (id !== undefined && campaign === undefined && email === undefined) {
    const problem = problemOf('requestId', id);
    if (problem !== undefined) throw wrongUsage(`The request id ${problem}.`);
    return id;
  }
  if (id !== undefined || campaign === undefined || email === undefined) {
    throw wrongUsage("Give a request's id, or both --campaign ID and --email ADDRESS.");
  }
  requireCampaignId(campaign);
  const problem = addressProblem(email);
  if (problem !== undefined) throw wrongUsage(`The address of --email ${problem}.`);
  return { campaign, email };
}

async function requestIdOfPerson(
  context: Context,
  connection: Connection,
  { campaign, email }: Person,
): Promise<string> {
  const item = await findCampaign(context, connection, campaign);
  return requestIdFor(campaign, digesterOf(await idKeyOf(connection, item))(email));
}

/** What keeps a request from being called; nothing keeps one that is being called or has ended. */
async function holdsOf(item: RequestItem, { budget, now }: Connection): Promise<Reading<StandingHold[]>> {
  const waits = item.state === 'waiting' || item.state === 'redriven' || isUnconfirmed(item, now());
  if (!waits) return { ok: true, value: [] };
  const state = await readingOf(budget.read());
  if (!state.ok) return state;
  // Its own message is in its lane, so that no hold on it is history.
  const holds = standingHolds(state.value, undefined, now());
  return { ok: true, value: holdsOn(item.lane, holds) };
}
