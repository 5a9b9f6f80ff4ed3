import { type Declaration, JSON_OPTION } from '../../declaration.ts';
import { request } from './request.ts';

const EXAMPLES = `
An id that begins with "-" goes after "--".

Exit codes: 0 the request was found, or may be queued; 1 the ledger has no such request and nothing is queued; 3 found,
but the holds can't be read.

Examples:
  resets request ticket-4711
  resets request ticket-4711 --json | jq -r .state
  resets request -- -ticket-4711`;

export const declareRequest: Declaration = (program, choose) => {
  const command = program
    .command('request')
    .description("Show one request's history, and which hold it waits for.")
    .argument('<id>', "the request's id, or the SQS message id if it had none")
    .option(...JSON_OPTION)
    .addHelpText('after', EXAMPLES)
    .action((requestId: string, options: { json?: boolean }) =>
      choose((context) => request(context, { requestId, ...options })),
    );
  const { outputError } = command.configureOutput();
  command.configureOutput({ outputError: (text, write) => outputError?.(withWayOut(text), write) });
};

/** An id may begin with a hyphen, and is then taken for an option. */
const withWayOut = (text: string): string =>
  /unknown option/.test(text) ? `${text.trimEnd()} (an id that begins with "-" goes after "--")` : text;
