import { CREDENTIALS, REGION } from './account.ts';

const TARGETS: Record<'sqs' | 'dynamodb' | 'secretsmanager', string> = {
  sqs: 'AmazonSQS',
  dynamodb: 'DynamoDB_20120810',
  secretsmanager: 'secretsmanager',
};

/** A service answered with an error. */
class AwsCallError extends Error {
  override name = 'AwsCallError';
  readonly code: string;
  constructor(operation: string, code: string, message: string) {
    super(`${operation}: ${code}: ${message}`);
    this.code = code;
  }
}

/**
 * One call of a stand-in in its JSON protocol, as cheap as possible: the pollers share the machine with what they measure.
 * @throws {AwsCallError}
 */
export async function callAws<Output>(
  origin: string,
  service: keyof typeof TARGETS,
  operation: string,
  input: unknown,
): Promise<Output> {
  const response = await fetch(origin, {
    method: 'POST',
    headers: {
      'Content-Type': 'application/x-amz-json-1.0',
      'X-Amz-Target': `${TARGETS[service]}.${operation}`,
      'X-Amz-Date': '20260101T000000Z',
      Authorization: `AWS4-HMAC-SHA256 Credential=${CREDENTIALS.accessKeyId}/20260101/${REGION}/${service}/aws4_request, SignedHeaders=host, Signature=0`,
    },
    body: JSON.stringify(input),
  });
  const text = await response.text();
  const body = (text === '' ? {} : JSON.parse(text)) as Record<string, unknown>;
  if (response.ok) return body as Output;
  const code = String(body.__type ?? response.status).replace(/^.*#/, '');
  throw new AwsCallError(operation, code, String(body.message ?? body.Message ?? ''));
}
