import { mkdtempDisposableSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Template } from 'aws-cdk-lib/assertions';
import { synthesize } from '../../infra/synthesize.ts';

export const PROJECT_CONTEXT: Record<string, unknown> = JSON.parse(
  readFileSync(new URL('../../cdk.json', import.meta.url), 'utf8'),
).context;
export const API = 'https://example-corp.console.ves.volterra.io';

/** Whom alarms notify: without it a synthesis warns. */
export const TOLD = { alarmEmail: 'on-call@example.com' };

/** What `cdk synth` would write, with these options beside those of `cdk.json`. */
export function templateWith(context: Record<string, unknown>): Template {
  using folder = mkdtempDisposableSync(join(tmpdir(), 'synthesized-'));
  const { templateFile } = synthesize({ outdir: folder.path, context: { apiBaseUrl: API, ...context } });
  return Template.fromJSON(JSON.parse(readFileSync(templateFile, 'utf8')));
}
