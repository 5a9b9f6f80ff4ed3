import { callAws } from '../aws/aws-call.ts';
import type { AwsStandIns } from '../aws/stand-ins.ts';
import type { LocalResources } from './template.ts';

/** Creates a template's queues, tables and secrets in the stand-ins. */
export async function createResources(standIns: AwsStandIns, resources: LocalResources): Promise<void> {
  const { origin, secrets } = standIns;
  const create = (service: 'sqs' | 'dynamodb', operation: string, input: unknown) =>
    callAws(origin, service, operation, input);
  await Promise.all([
    ...resources.queues.map(({ name, attributes }) =>
      create('sqs', 'CreateQueue', { QueueName: name, Attributes: attributes }),
    ),
    ...resources.tables.map(({ input }) => create('dynamodb', 'CreateTable', input)),
  ]);
  for (const { name, arn, initialValue } of resources.secrets) {
    secrets.create(name, arn);
    if (initialValue !== undefined) secrets.handle('PutSecretValue', { SecretId: arn, SecretString: initialValue });
  }
  await Promise.all(resources.tables.map(({ name }) => tableIsActive(origin, name)));
}

/** The stand-in creates a table immediately, but reports it as active only a moment later. */
async function tableIsActive(origin: string, name: string): Promise<void> {
  for (;;) {
    const { Table } = await callAws<{ Table: { TableStatus: string } }>(origin, 'dynamodb', 'DescribeTable', {
      TableName: name,
    });
    if (Table.TableStatus === 'ACTIVE') return;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
