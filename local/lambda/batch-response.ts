/**
 * The messages of a batch that the function's answer reports as failed. AWS's rules for `ReportBatchItemFailures` on SQS: no answer, an
 * empty object and an empty or null list mean that all succeeded; an answer that cannot be parsed, or an entry with no id or an unknown
 * one, means that the whole batch failed.
 * @returns the ids that stay in the queue, or 'all'.
 */
export function failedMessageIds(answer: string, batch: readonly string[]): ReadonlySet<string> | 'all' {
  if (answer.trim() === '') return new Set();
  let response: unknown;
  try {
    response = JSON.parse(answer);
  } catch {
    return 'all';
  }
  if (response === null) return new Set();
  if (typeof response !== 'object' || Array.isArray(response)) return 'all';
  const failures = 'batchItemFailures' in response ? response.batchItemFailures : undefined;
  if (failures === undefined || failures === null) return new Set();
  if (!Array.isArray(failures)) return 'all';
  const ids = new Set<string>();
  for (const failure of failures as unknown[]) {
    const id = identifierOf(failure);
    if (id === undefined || !batch.includes(id)) return 'all';
    ids.add(id);
  }
  return ids;
}

function identifierOf(failure: unknown): string | undefined {
  if (typeof failure !== 'object' || failure === null || !('itemIdentifier' in failure)) return undefined;
  return typeof failure.itemIdentifier === 'string' ? failure.itemIdentifier : undefined;
}
