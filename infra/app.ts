import { App } from 'aws-cdk-lib';
import { InvalidConfiguration } from './config.ts';
import { addResetStack } from './reset-app.ts';

// What `cdk` runs. It passes context and output folder in the environment; the app synthesizes itself when this process ends.
try {
  addResetStack(new App());
} catch (error) {
  if (!(error instanceof InvalidConfiguration)) throw error;
  for (const problem of error.problems) console.error(problem);
  process.exit(1);
}
