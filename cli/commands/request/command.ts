import { type Declaration, examples, JSON_OPTION } from '../../declaration.ts';
import { request } from './request.ts';

export const declareRequest: Declaration = (program, choose) => {
  program
    .command('request')
    .description("Show one request's history.")
    .argument('<id>', "the request's id, or the SQS message id if it had none")
    .option(...JSON_OPTION)
    .addHelpText(
      'after',
      examples(
        ['resets request 4b1c6f0e-6d3e-4c56-9a31-0f4f6f7f9b1d'],
        ['resets request -- -id-7', 'an id that begins with a hyphen'],
      ),
    )
    .action((requestId: string, options: { json?: boolean }) =>
      choose((context) => request(context, { requestId, ...options })),
    );
};
