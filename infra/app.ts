import { App } from 'aws-cdk-lib';
import { InvalidConfiguration } from './config.ts';
import { addResetStack } from './reset-app.ts';

// The entry of `cdk`, which passes context and output folder through the environment and waits for the synthesis at this process's end.
try {
  addResetStack(new App());
} catch (error) {
  if (!(error instanceof InvalidConfiguration)) throw error;
  for (const problem of error.problems) console.error(problem);
  process.exit(1);
}
