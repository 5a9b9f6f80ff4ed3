import { type App, Validations } from 'aws-cdk-lib';
import { AwsSolutionsChecks } from 'cdk-nag';
import { readConfiguration } from './config.ts';
import { ResetStack } from './reset-stack.ts';

/**
 * Adds the stack that the app's context describes, and the checks that every synthesis must pass.
 * @throws {InvalidConfiguration} if the context is invalid.
 */
export function addResetStack(app: App): ResetStack {
  const configuration = readConfiguration(app.node.getAllContext());
  // The stack names no account and no region, so that a synthesis needs neither credentials nor network.
  const stack = new ResetStack(app, configuration.stackName, configuration);
  Validations.of(app).addPlugins(new AwsSolutionsChecks(app));
  return stack;
}
