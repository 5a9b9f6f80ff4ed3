import type { EventCode, EventFields } from '../../../functions/common/telemetry.ts';
import type { ApiAnswer } from '../../../functions/reset-worker/core/ports.ts';
import type { StoredLetter } from './aws/dead-letter-queue.ts';
import type { Sandbox } from './aws/sandbox.ts';
import type { OnWrite } from './aws/table.ts';
import type { Judgement } from './judgement.ts';

/** Is told of everything that happens in the world, and changes nothing in it. */
export interface Observer {
  callStarts(request: number, sandbox: Sandbox): void;
  /** What the API did, before anybody hears of it. */
  judged(request: number, judgement: Judgement): void;
  callAnswered(request: number, answer: ApiAnswer, judgement: Judgement, sandbox: Sandbox): void;
  written: OnWrite;
  granted(sandbox: Sandbox): void;
  hidden(messageId: string, seconds: number): void;
  letterSent(letter: StoredLetter): void;
  redriven(letter: StoredLetter): void;
  /** SQS has forgotten a message for good. */
  acknowledged(message: number): void;
  /** A message's retention is over. */
  dropped(message: number): void;
  logged(code: EventCode, fields: EventFields, sandbox: Sandbox): void;
}
