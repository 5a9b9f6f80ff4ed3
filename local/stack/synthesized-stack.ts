import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { CloudFormationTemplate } from './references.ts';

/** What `cdk deploy` would deploy. */
export interface SynthesizedStack {
  stackName: string;
  template: CloudFormationTemplate;
  /** The folder of a function's code, by the function's logical id. */
  assetDirectory: (functionLogicalId: string) => string;
}

/** Base URL for a stack whose simulator is not running yet; `startLocalSystem` replaces it. */
const NO_API = 'http://127.0.0.1:9';

/**
 * Synthesizes the stack in this process. The CDK is loaded only here: loading it takes longer than everything else.
 * @param context configuration; overrides that of `cdk.json`.
 * @param outdir where template and bundle are written; by default a temporary folder that is deleted when this process ends.
 */
export async function synthesizeStack(
  context: Record<string, unknown> = {},
  outdir = temporaryFolder(),
): Promise<SynthesizedStack> {
  const { synthesize } = await import('../../infra/synthesize.ts');
  const { stackName, templateFile, assetDirectory } = synthesize({
    outdir,
    context: { apiBaseUrl: NO_API, ...context },
  });
  const template = JSON.parse(readFileSync(templateFile, 'utf8')) as CloudFormationTemplate;
  return { stackName, template, assetDirectory };
}

function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'password-resets-'));
  process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
  return folder;
}
