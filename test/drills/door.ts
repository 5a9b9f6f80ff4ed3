import { createServer } from 'node:http';
import { endServer, listen, readBody } from '../../local/aws/http.ts';

/** An address that leads elsewhere, and can be led elsewhere again, as a deployment changes the URL. */
export function startDoor() {
  let base = '';
  const server = createServer((request, response) => {
    void (async () => {
      const { authorization = '', 'content-type': type = '' } = request.headers;
      const { method = 'GET', url = '' } = request;
      const body = await readBody(request);
      const answer = await fetch(`${base}${url}`, { method, headers: { authorization, 'content-type': type }, body });
      response.writeHead(answer.status, { 'Content-Type': answer.headers.get('content-type') ?? 'text/plain' });
      response.end(await answer.text());
    })().catch(() => request.socket.destroy());
  });
  return {
    url: listen(server),
    leadTo: (baseUrl: string) => {
      base = baseUrl;
    },
    close: () => void endServer(server),
  };
}
