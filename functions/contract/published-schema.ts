import * as z from 'zod/mini';
import { resetRequestSchema } from './reset-request.ts';

export const SCHEMA_FILE = new URL('./reset-request.schema.json', import.meta.url);

/** The message as JSON Schema (draft 2020-12), for producers in any language. `npm run schema` writes it to its file. */
export function publishedSchema(): string {
  const { $schema, ...schema } = z.toJSONSchema(resetRequestSchema, { io: 'input' });
  const described = {
    $schema,
    title: 'Password reset request',
    description: 'The body of a message on a lane.',
    ...schema,
  };
  return `${JSON.stringify(described, null, 2)}\n`;
}
