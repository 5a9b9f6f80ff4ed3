import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { onTestFinished, vi } from 'vitest';
import { CREDENTIALS, REGION } from '../../../local/aws/account.ts';

/** All of AWS for this test's environment, answering everything in one way. @returns how often it was asked. */
export async function awsThat(answers: (response: ServerResponse) => void): Promise<() => number> {
  let asked = 0;
  const server = createServer((request, response) => {
    asked += 1;
    request.resume();
    answers(response);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  vi.stubEnv('AWS_ENDPOINT_URL', `http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  vi.stubEnv('AWS_REGION', REGION);
  vi.stubEnv('AWS_ACCESS_KEY_ID', CREDENTIALS.accessKeyId);
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', CREDENTIALS.secretAccessKey);
  return () => asked;
}
