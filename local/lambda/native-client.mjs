// Replaces the native part of AWS's runtime interface client, which needs a compiler to install. Loaded with `--import` before the client.
// Plain JavaScript, because stripping types would add 40 ms to every cold start.
import http from 'node:http';
import { registerHooks } from 'node:module';

registerHooks({
  resolve: (specifier, context, next) =>
    specifier === './rapid-client.node'
      ? { url: import.meta.url, format: 'module', shortCircuit: true }
      : next(specifier, context),
});

// The parent holds the other end of standard input. However it dies, the pipe then closes and the sandbox ends too.
process.stdin.on('close', () => process.exit(1)).resume();
process.stdin.unref();

const [hostname, port] = process.env.AWS_LAMBDA_RUNTIME_API.split(':');
const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });

function call(method, path, body, headers) {
  return new Promise((resolve, reject) => {
    const request = http.request(
      { hostname, port, agent, method, path: `/2018-06-01/runtime/invocation/${path}`, headers },
      (response) => {
        const chunks = [];
        response.on('data', (chunk) => chunks.push(chunk));
        response.on('end', () => resolve({ headers: response.headers, body: Buffer.concat(chunks).toString('utf8') }));
        response.on('error', reject);
      },
    );
    request.on('error', reject);
    request.end(body);
  });
}

// The real client blocks until an answer is posted. Here the next request for work waits for it, to the same effect.
let posted = Promise.resolve();
const post = (path, body, headers) => {
  const length = Buffer.byteLength(body);
  posted = call('POST', path, body, { 'Content-Type': 'application/json', 'Content-Length': length, ...headers });
  posted.catch(() => {});
};

export async function next() {
  await posted;
  const { headers, body } = await call('GET', 'next');
  headers['lambda-runtime-deadline-ms'] = Number(headers['lambda-runtime-deadline-ms']);
  return { bodyJson: body, headers };
}

export function done(id, body) {
  post(`${id}/response`, body);
}

export function error(id, body) {
  post(`${id}/error`, body);
}
