import type { AddressInfo } from 'node:net';
import net, { type Socket } from 'node:net';
import tls from 'node:tls';

/** One request as it came over the wire. */
interface WireRequest {
  method: string;
  path: string;
  /** By lower-case name; as sent otherwise. */
  headers: Record<string, string>;
  body: string;
  socket: Socket;
}

export interface HostileServer {
  /** Such as `http://127.0.0.1:40123`. */
  origin: string;
  requests: WireRequest[];
  /** All connections that were ever made. */
  connections: Socket[];
  /** Bytes that came in, of all connections: also of what is no whole request. */
  bytesReceived(): number;
  stop(): Promise<void>;
}

/** What the server does once a whole request has come. */
export type Behaviour = (socket: Socket, request: WireRequest, nth: number) => void;

/** A server that speaks HTTP as badly as it is told to: what it sends are bytes. */
export async function startHostileServer(
  behaviour: Behaviour,
  { secure, onConnection }: { secure?: { key: string; cert: string }; onConnection?: (socket: Socket) => void } = {},
): Promise<HostileServer> {
  const requests: WireRequest[] = [];
  const connections: Socket[] = [];
  let bytesReceived = 0;
  const accept = (socket: Socket) => {
    socket.on('error', () => {});
    let pending = '';
    socket.setEncoding('latin1').on('data', (chunk: string) => {
      bytesReceived += chunk.length;
      pending += chunk;
      for (;;) {
        const read = readRequest(pending);
        if (!read) return;
        pending = pending.slice(read.length);
        const request = { ...read.request, socket };
        requests.push(request);
        behaviour(socket, request, requests.length);
      }
    });
  };
  const server = secure ? tls.createServer(secure, accept) : net.createServer(accept);
  server.on('connection', (socket: Socket) => {
    connections.push(socket);
    socket.on('error', () => {});
    onConnection?.(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    origin: `${secure ? 'https' : 'http'}://127.0.0.1:${port}`,
    requests,
    connections,
    bytesReceived: () => bytesReceived,
    async stop() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      for (const socket of connections) socket.destroy();
      await closed;
    },
  };
}

function readRequest(text: string): { request: Omit<WireRequest, 'socket'>; length: number } | undefined {
  const headEnd = text.indexOf('\r\n\r\n');
  if (headEnd < 0) return undefined;
  const [first = '', ...lines] = text.slice(0, headEnd).split('\r\n');
  const headers = Object.fromEntries(
    lines.map((line) => {
      const colon = line.indexOf(':');
      return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()];
    }),
  );
  const length = headEnd + 4 + Number(headers['content-length'] ?? 0);
  if (text.length < length) return undefined;
  const [method = '', path = ''] = first.split(' ');
  const body = Buffer.from(text.slice(headEnd + 4, length), 'latin1').toString('utf8');
  return { request: { method, path, headers, body }, length };
}

/** A whole answer as bytes. */
export function http(status: number | string, body = '', headers: Record<string, string> = {}): string {
  const lines = Object.entries({ 'Content-Length': String(Buffer.byteLength(body)), ...headers });
  return `HTTP/1.1 ${status}${typeof status === 'number' ? ' Whatever' : ''}\r\n${lines.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n${body}`;
}

/** The head of an answer whose body follows in chunks. */
export const chunkedHead = (status: number): string =>
  `HTTP/1.1 ${status} Whatever\r\nTransfer-Encoding: chunked\r\n\r\n`;
export const chunk = (text: string): string => `${Buffer.byteLength(text).toString(16)}\r\n${text}\r\n`;
