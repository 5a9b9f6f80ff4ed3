import { writeFileSync } from 'node:fs';
import { publishedSchema, SCHEMA_FILE } from './published-schema.ts';

writeFileSync(SCHEMA_FILE, publishedSchema());
