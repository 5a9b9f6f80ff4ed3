import { type Declaration, JSON_OPTION } from '../../declaration.ts';
import { request } from './request.ts';

export const declareRequest: Declaration = (program, choose) => {
  program
    .command('request')
    .description("Show one request's history.")
    .argument('<id>', "the request's id, or the SQS message id if it had none")
    .option(...JSON_OPTION)
    .action((requestId: string, options: { json?: boolean }) =>
      choose((context) => request(context, { requestId, ...options })),
    );
};
