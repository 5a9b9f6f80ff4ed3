/** The account and region that the stand-ins speak for. fauxqs knows this account alone, dynalite this region. */
export const ACCOUNT_ID = '000000000000';
export const REGION = 'us-east-1';

/** Credentials for any SDK: the stand-ins want a signature and do not check it. */
export const CREDENTIALS = { accessKeyId: 'local', secretAccessKey: 'local', sessionToken: 'local' } as const;

/** Everything listens here and nowhere else. */
export const LOOPBACK = '127.0.0.1';

export const queueUrl = (origin: string, name: string): string => `${origin}/${ACCOUNT_ID}/${name}`;

export const arn = (service: string, resource: string): string =>
  `arn:aws:${service}:${REGION}:${ACCOUNT_ID}:${resource}`;
