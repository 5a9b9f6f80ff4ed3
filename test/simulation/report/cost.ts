import { LANES } from '../../../functions/contract/reset-request.ts';
import type { Simulation } from '../simulation.ts';

/** The date that the prices are of. */
export const PRICES_OF = '2025';

/** List prices in US dollars, region us-east-1, arm64, without any free tier: those of 2025, DynamoDB's since its cut of November 2024. Look at the pages named before you rely on them. */
export const PRICES = {
  lambdaGbSecond: { dollars: 0.0000133334, unit: 'GB-second, arm64', source: 'https://aws.amazon.com/lambda/pricing/' },
  lambdaRequest: { dollars: 0.2 / 1e6, unit: 'invocation', source: 'https://aws.amazon.com/lambda/pricing/' },
  sqsRequest: { dollars: 0.4 / 1e6, unit: 'request, standard queue', source: 'https://aws.amazon.com/sqs/pricing/' },
  tableWrite: {
    dollars: 0.625 / 1e6,
    unit: 'write request unit, on demand',
    source: 'https://aws.amazon.com/dynamodb/pricing/on-demand/',
  },
  tableRead: {
    dollars: 0.125 / 1e6,
    unit: 'read request unit, on demand',
    source: 'https://aws.amazon.com/dynamodb/pricing/on-demand/',
  },
  secretCall: {
    dollars: 0.05 / 1e4,
    unit: 'API call',
    source: 'https://aws.amazon.com/secrets-manager/pricing/',
  },
} as const;

export interface CostLine {
  what: string;
  count: number;
  price: keyof typeof PRICES;
  dollars: number;
}

/** SQS sends and deletes in batches of ten. */
const SENT_A_REQUEST = 10;

/** What the simulated time would have cost. Logs, storage and the secret's monthly price are left out. */
export function costOf(world: Simulation): CostLine[] {
  const { lambda, table, sources, queues, sqs, secrets, options } = world;
  const line = (what: string, price: keyof typeof PRICES, count: number): CostLine => ({
    what,
    price,
    count,
    dollars: count * PRICES[price].dollars,
  });
  const sum = (of: (lane: (typeof LANES)[number]) => number): number =>
    LANES.reduce((total, lane) => total + of(lane), 0);
  const gbSeconds = (lambda.used.billedMs / 1000) * (options.worker.memoryMb / 1024);
  return [
    line('Lambda compute', 'lambdaGbSecond', gbSeconds),
    line('Lambda invocations', 'lambdaRequest', lambda.used.invocations),
    line('SQS sends', 'sqsRequest', Math.ceil(sum((lane) => queues[lane].sends) / SENT_A_REQUEST)),
    line(
      'SQS receives',
      'sqsRequest',
      sum((lane) => sources[lane].requests.receives),
    ),
    line(
      'SQS empty receives',
      'sqsRequest',
      sum((lane) => sources[lane].emptyReceives),
    ),
    line(
      'SQS deletes',
      'sqsRequest',
      sum((lane) => sources[lane].requests.deletes),
    ),
    line('SQS visibility changes and letters', 'sqsRequest', sqs.requests),
    line('DynamoDB writes, index included', 'tableWrite', table.units.writes),
    line('DynamoDB reads', 'tableRead', table.units.reads),
    line('Secrets Manager calls', 'secretCall', secrets.requests),
  ];
}

export const totalOf = (lines: readonly CostLine[]): number => lines.reduce((sum, { dollars }) => sum + dollars, 0);
