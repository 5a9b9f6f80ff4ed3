/** Account and region of the stand-ins: the only ones that fauxqs and dynalite know. */
export const ACCOUNT_ID = '000000000000';
export const REGION = 'us-east-1';

/** Credentials for any SDK: the stand-ins require a signature but do not check it. */
export const CREDENTIALS = { accessKeyId: 'local', secretAccessKey: 'local', sessionToken: 'local' } as const;

/** Everything listens on this address only. */
export const LOOPBACK = '127.0.0.1';

export const queueUrl = (origin: string, name: string): string => `${origin}/${ACCOUNT_ID}/${name}`;

export const arn = (service: string, resource: string): string =>
  `arn:aws:${service}:${REGION}:${ACCOUNT_ID}:${resource}`;
