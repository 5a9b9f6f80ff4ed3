import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http';
import { endServer, listen, readBody } from '../aws/http.ts';
import { ADMINISTRATION, administration } from './administration.ts';
import { sendPage } from './answers.ts';
import { type AddressHistory, type CallStatistics, createCallStatistics } from './call-statistics.ts';
import { ELSEWHERE, OPERATION, resetOperation } from './operation.ts';
import { DEFAULT_SETTINGS, type SimulatorSettings } from './settings.ts';
import { createTokenBucket } from './token-bucket.ts';

export interface ApiSimulator {
  /** For `apiBaseUrl`. */
  baseUrl: string;
  /** Statistics and settings are served beside the operation too; this address answers also while connections to the API are refused. */
  administrationUrl: string;
  settings(): Readonly<SimulatorSettings>;
  /** Changes settings from now on. A quota given anew starts full. @returns when the port is closed or open as the outage asks. */
  change(settings: Partial<SimulatorSettings>): Promise<void>;
  statistics(): CallStatistics;
  historyOf(email: string): AddressHistory;
  stop(): Promise<void>;
}

export interface SimulatorOptions extends Partial<SimulatorSettings> {
  port?: number;
  /** Path of the base URL. The reference's own example has one. */
  basePath?: string;
}

/** Plays the reset API. */
export async function startApiSimulator(options: SimulatorOptions = {}): Promise<ApiSimulator> {
  const { port = 0, basePath = '', ...given } = options;
  const settings: SimulatorSettings = { ...DEFAULT_SETTINGS };
  const statistics = createCallStatistics();
  let bucket: ReturnType<typeof createTokenBucket> | undefined;
  const reset = resetOperation({ settings, statistics, takeFromQuota: () => bucket?.take(Date.now()) ?? 0 });

  const serve = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const path = request.url ?? '';
    if (path.startsWith(ADMINISTRATION)) return administer(request, response);
    const body = await readBody(request);
    if (path === `${basePath}${OPERATION}`) return reset(request, response, body);
    statistics.count(path.startsWith(ELSEWHERE) && request.headers.authorization ? 'redirectsFollowed' : 'wrongPath');
    sendPage(response, 404);
  };
  const api = await openDoor(caught(serve), port);

  const change = async (changes: Partial<SimulatorSettings>): Promise<void> => {
    Object.assign(settings, changes);
    if ('quota' in changes) bucket = changes.quota ? createTokenBucket(changes.quota, Date.now()) : undefined;
    if ('outage' in changes) await (changes.outage === 'refuse' ? api.close() : api.open());
  };
  const administer = administration(statistics.read, change);
  const administrationServer = createServer(caught(administer));
  const administrationOrigin = await listen(administrationServer);
  await change(given);

  return {
    baseUrl: `${api.origin}${basePath}`,
    administrationUrl: `${administrationOrigin}${ADMINISTRATION}`,
    settings: () => settings,
    change,
    statistics: statistics.read,
    historyOf: statistics.historyOf,
    stop: async () => void (await Promise.all([api.close(), endServer(administrationServer)])),
  };
}

/** What fails without an answer breaks the connection. */
const caught =
  (serve: (request: IncomingMessage, response: ServerResponse) => Promise<void>): RequestListener =>
  (request, response) =>
    void serve(request, response).catch(() => request.socket.destroy());

/** A server whose port can be closed for a while, so that connections are refused. */
async function openDoor(serve: RequestListener, askedPort: number) {
  const server = createServer(serve);
  const origin = await listen(server, askedPort);
  const port = Number(new URL(origin).port);
  return {
    origin,
    open: async (): Promise<void> => {
      if (!server.listening) await listen(server, port);
    },
    close: async (): Promise<void> => {
      if (server.listening) await endServer(server);
    },
  };
}
