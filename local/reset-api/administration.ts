import type { IncomingMessage, ServerResponse } from 'node:http';
import { readBody } from '../aws/http.ts';
import type { CallStatistics } from './call-statistics.ts';
import { parseChanges, type SimulatorSettings } from './settings.ts';

export const ADMINISTRATION = '/simulator/';

/** Statistics and settings over HTTP. Whatever is asked, the answer is one line of JSON. */
export function administration(
  statistics: () => CallStatistics,
  change: (changes: Partial<SimulatorSettings>) => Promise<void>,
) {
  return async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const json = (status: number, body: unknown) =>
      void response.writeHead(status, { 'Content-Type': 'application/json' }).end(`${JSON.stringify(body)}\n`);
    const asked = `${request.method} ${request.url}`;
    if (asked === `GET ${ADMINISTRATION}stats`) return json(200, statistics());
    if (asked !== `POST ${ADMINISTRATION}settings`) {
      return json(404, { message: `GET ${ADMINISTRATION}stats or POST ${ADMINISTRATION}settings` });
    }
    const parsed = parseChanges(await readBody(request));
    if (!parsed.ok) return json(400, { message: parsed.problem });
    // The change would close the connection that asks for it.
    if (parsed.changes.outage === 'refuse') json(200, { changed: true });
    await change(parsed.changes);
    if (!response.writableEnded) json(200, { changed: true });
  };
}
