import { createServer } from 'node:http';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { connect } from '../../../cli/deployment/connect.ts';
import { CREDENTIALS, REGION } from '../../../local/aws/account.ts';
import { testIo } from '../../support/cli/command-line.ts';
import { type StandInDeployment, startDeployment } from '../../support/cli/stand-ins.ts';

let deployment: StandInDeployment | undefined;
afterEach(async () => {
  vi.unstubAllEnvs();
  await deployment?.stop();
});

describe('The queues of a deployment', () => {
  it.each(['AWS_ENDPOINT_URL', 'AWS_ENDPOINT_URL_SQS'])(
    'are asked for at the endpoint of %s, whatever host their URLs name: aimed at an emulator, nothing reaches AWS',
    async (variable) => {
      deployment = await startDeployment();
      const strays: unknown[] = [];
      await using stray = createServer((request, response) => {
        strays.push(request.url);
        response.writeHead(500).end();
      }).listen(0, '127.0.0.1');
      await new Promise((resolve) => stray.once('listening', resolve));
      const address = stray.address();
      const port = typeof address === 'object' ? address?.port : undefined;
      const url = (queue: string) => `http://127.0.0.1:${port}/000000000000/${queue}`;
      vi.stubEnv(variable, deployment.origin);
      vi.stubEnv('AWS_REGION', REGION);
      vi.stubEnv('AWS_ACCESS_KEY_ID', CREDENTIALS.accessKeyId);
      vi.stubEnv('AWS_SECRET_ACCESS_KEY', CREDENTIALS.secretAccessKey);

      const { queues } = await connect(
        {
          ...testIo(),
          env: {
            RESETS_INTERACTIVE_QUEUE_URL: url('interactive'),
            RESETS_BULK_QUEUE_URL: url('bulk'),
            RESETS_DEAD_LETTER_QUEUE_URL: url('dead'),
            RESETS_LEDGER_TABLE_NAME: 'Ledger',
          },
        },
        {},
      );
      await queues.sendBatch(url('bulk'), ['{}']);
      expect(await queues.counts(url('bulk'))).toMatchObject({ waiting: 1 });
      expect(strays).toEqual([]);
    },
  );
});
