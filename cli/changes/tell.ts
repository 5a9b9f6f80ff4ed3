import type { Context } from '../deployment/connect.ts';
import { print } from '../terminal/io.ts';
import { printJson } from '../terminal/text.ts';

/** What came of a change: as JSON, or in lines for people. */
export async function tell(
  context: Context,
  isJson: boolean | undefined,
  data: { actionId: string | null; changed: boolean; [member: string]: unknown },
  lines: readonly string[],
): Promise<void> {
  if (isJson) return printJson(context, data);
  for (const line of lines) await print(context.stdout, line);
}
