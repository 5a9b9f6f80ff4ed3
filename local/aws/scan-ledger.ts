import { type RequestItem, requestKey } from '../../functions/ledger/items.ts';
import { callAws } from './aws-call.ts';

type AttributeValue = { S: string } | { N: string } | { BOOL: boolean } | { NULL: true };

interface ScanOutput {
  Items: Record<string, AttributeValue>[];
  LastEvaluatedKey?: Record<string, AttributeValue>;
}

/** All requests of a ledger table, by a scan of the whole table: fine for a sample, not for a campaign. */
export async function scanLedger(origin: string, tableName: string): Promise<RequestItem[]> {
  const items: RequestItem[] = [];
  let from: ScanOutput['LastEvaluatedKey'];
  do {
    const input = {
      TableName: tableName,
      ConsistentRead: true,
      ...(from === undefined ? {} : { ExclusiveStartKey: from }),
    };
    const page: ScanOutput = await callAws(origin, 'dynamodb', 'Scan', input);
    for (const item of page.Items) {
      const plain = Object.fromEntries(Object.entries(item).map(([name, value]) => [name, plainValue(value)]));
      if (String(plain.pk).startsWith(requestKey(''))) items.push(plain as unknown as RequestItem);
    }
    from = page.LastEvaluatedKey;
  } while (from !== undefined);
  return items;
}

function plainValue(value: AttributeValue): unknown {
  if ('S' in value) return value.S;
  if ('N' in value) return Number(value.N);
  return 'BOOL' in value ? value.BOOL : null;
}
