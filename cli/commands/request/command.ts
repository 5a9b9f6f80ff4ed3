import { type Declaration, examples, JSON_OPTION } from '../../declaration.ts';
import { type RequestOptions, request } from './request.ts';

const ABOUT = `
Exit codes: 0 the request was found, or may be queued; 1 the ledger has no such request and nothing is queued; 3 found,
but the holds can't be read.
`;

export const declareRequest: Declaration = (program, choose) => {
  program
    .command('request')
    .description("Show one request's history, and which hold it waits for.")
    .argument('[id]', "the request's id, or the SQS message id if it had none")
    .option('--campaign <id>', 'in place of the id: a campaign that was sent from a file …')
    .option('--email <address>', '… and the person, who is not printed')
    .option(...JSON_OPTION)
    .addHelpText(
      'after',
      ABOUT +
        examples(
          ['resets request ticket-4711'],
          ['resets request --campaign breach-7 --email jane.roe@example.com', '"Was I reset?"'],
          ['resets request ticket-4711 --json', 'for a script that asks for .state'],
          ['resets request -- -id-7', 'an id that begins with a hyphen'],
        ),
    )
    .action((requestId: string | undefined, options: RequestOptions) =>
      choose((context) => request(context, requestId, options)),
    );
};
