import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { CloudFormationTemplate } from './template.ts';

/** What `cdk deploy` would deploy. */
export interface Deployment {
  stackName: string;
  template: CloudFormationTemplate;
  assetDirectory: (functionLogicalId: string) => string;
}

/** A base URL for a stack whose simulator is not known yet; `startLocalSystem` puts its own in place. */
const NO_API = 'http://127.0.0.1:9';

/**
 * Synthesizes the stack in this process. The CDK is loaded only here: it takes longer than all the rest.
 * @param context configuration over that of `cdk.json`.
 * @param outdir where template and bundle go; without it a temporary folder that goes with this process.
 */
export async function synthesizeDeployment(
  context: Record<string, unknown> = {},
  outdir = temporaryFolder(),
): Promise<Deployment> {
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
