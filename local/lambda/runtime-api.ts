import { createServer, type ServerResponse } from 'node:http';
import { endServer, listen, readBody } from '../aws/http.ts';

/** One invocation, as the runtime asks for it. */
interface Invocation {
  requestId: string;
  payload: string;
  functionArn: string;
  deadlineMs: number;
}

/** What a runtime reports to the service. */
export interface RuntimeListener {
  /** It asks for work: the previous invocation is over, its answer has been sent. */
  onReady(): void;
  onResponse(requestId: string, body: string): void;
  onError(requestId: string, body: string): void;
  onInitError(body: string): void;
}

/** The Lambda Runtime API for one sandbox, as the runtime interface client calls it. */
export interface RuntimeApi {
  /** Host and port, for `AWS_LAMBDA_RUNTIME_API`. */
  address: string;
  /** Gives work to a runtime that has asked for it. */
  give(invocation: Invocation): void;
  close(): Promise<void>;
}

const PREFIX = '/2018-06-01/runtime';

export async function startRuntimeApi(listener: RuntimeListener): Promise<RuntimeApi> {
  let waiting: ServerResponse | undefined;
  const server = createServer(async (request, response) => {
    const path = request.url ?? '';
    if (request.method === 'GET' && path === `${PREFIX}/invocation/next`) {
      waiting = response;
      listener.onReady();
      return;
    }
    let body: string;
    try {
      body = await readBody(request);
    } catch {
      // The sandbox died while writing; whoever watches its process notices.
      return;
    }
    const [, requestId = '', kind] = /^\/2018-06-01\/runtime\/invocation\/([^/]+)\/(response|error)$/.exec(path) ?? [];
    if (kind === 'response') listener.onResponse(decodeURIComponent(requestId), body);
    else if (kind === 'error') listener.onError(decodeURIComponent(requestId), body);
    else if (path === `${PREFIX}/init/error`) listener.onInitError(body);
    else {
      response.writeHead(404).end();
      return;
    }
    response.writeHead(202, { 'Content-Type': 'application/json' }).end('{"status":"OK"}');
  });
  // A frozen runtime keeps its connection for as long as it is frozen.
  server.keepAliveTimeout = 0;
  server.requestTimeout = 0;
  const origin = await listen(server);
  return {
    address: new URL(origin).host,
    give: ({ requestId, payload, functionArn, deadlineMs }) => {
      waiting?.writeHead(200, {
        'Content-Type': 'application/json',
        'Lambda-Runtime-Aws-Request-Id': requestId,
        'Lambda-Runtime-Deadline-Ms': String(deadlineMs),
        'Lambda-Runtime-Invoked-Function-Arn': functionArn,
        'Lambda-Runtime-Trace-Id': `Root=1-${requestId.replaceAll('-', '').slice(0, 8)}-${requestId.replaceAll('-', '').slice(8)};Sampled=0`,
      });
      waiting?.end(payload);
      waiting = undefined;
    },
    close: () => endServer(server),
  };
}
