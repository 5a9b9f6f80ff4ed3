import { Aws, Stack } from 'aws-cdk-lib';
import { CfnQueryDefinition, type LogGroup } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import type { EventCode } from '../../functions/common/telemetry.ts';

interface LogQuery {
  id: string;
  name: string;
  lines: readonly string[];
}

const HELD_CODES: readonly EventCode[] = [
  'DEFERRED',
  'GIVEN_BACK',
  'TOKEN_REJECTED',
  'TOKEN_UNUSABLE',
  'CREDENTIAL_HELD',
  'OUTAGE_HELD',
  'BRAKE_HELD',
  'LEDGER_UNREACHABLE',
  'TIMEOUT_TOO_SHORT',
];
const THROTTLED: EventCode = 'CALL_THROTTLED';

/** What an operator asks of the log. It holds ids and no addresses. */
export const LOG_QUERIES: readonly LogQuery[] = [
  {
    id: 'OneRequest',
    name: 'One request by its id',
    lines: [
      'fields @timestamp, level, code, lane, why, status, reason, calls, unknowns, receiveCount, delayMs',
      // To be replaced by whoever asks.
      'filter requestId = "REQUEST-ID"',
      'sort @timestamp',
      'limit 1000',
    ],
  },
  {
    id: 'HeldByCause',
    name: 'Held work by cause',
    lines: [
      `filter code in ${JSON.stringify(HELD_CODES)}`,
      'stats count(*) as times, count_distinct(requestId) as requests, max(@timestamp) as latest by code, why, lane',
      'sort times desc',
    ],
  },
  {
    id: 'Refusals',
    name: 'Refusals per minute',
    lines: [`filter code = "${THROTTLED}"`, 'stats count(*) as refusals by bin(1m), lane'],
  },
];

/** The queries, saved in the console's list under the stack's name. */
export class LogQueries extends Construct {
  /** By name: addresses at which each stands ready to be run over the last hour. */
  readonly links: ReadonlyMap<string, string>;

  constructor(scope: Construct, id: string, logGroup: LogGroup) {
    super(scope, id);
    for (const query of LOG_QUERIES) {
      new CfnQueryDefinition(this, query.id, {
        name: `${Stack.of(this).stackName}/${query.name}`,
        queryString: textOf(query),
        logGroupNames: [logGroup.logGroupName],
      });
    }
    this.links = new Map(LOG_QUERIES.map((query) => [query.name, linkTo(textOf(query), logGroup.logGroupName)]));
  }
}

const textOf = ({ lines }: LogQuery): string => lines.join('\n| ');

/** As the console writes it: structure in `~'()`, encoded twice with `$` for `%`, and text with `*` for it. The name needs no encoding. */
function linkTo(query: string, logGroupName: string): string {
  const text = encodeURIComponent(query)
    .replaceAll(/[!'()*~]/g, (character) => `%${character.charCodeAt(0).toString(16)}`)
    .replaceAll(/%../g, (code) => code.toLowerCase().replace('%', '*'));
  const detail = `~(end~0~start~-3600~timeType~'RELATIVE~unit~'seconds~editorString~'${text}~source~(~'`;
  const encode = (structure: string) =>
    structure.replaceAll(/[~'()]/g, (character) => `$25${character.charCodeAt(0).toString(16).toUpperCase()}`);
  const at = `https://${Aws.REGION}.console.aws.amazon.com/cloudwatch/home?region=${Aws.REGION}`;
  return `${at}#logsV2:logs-insights$3FqueryDetail$3D${encode(detail)}${logGroupName}${encode('))')}`;
}
