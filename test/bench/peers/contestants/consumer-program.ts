import { Consumer } from 'sqs-consumer';
import { sendDeadLetter, sqs } from '../dead-letter.ts';
import { RejectedError, resetPassword } from '../reset-password.ts';

/**
 * A service that runs all the time, as the documentation of sqs-consumer shows it. One consumer handles ten messages side by side and asks for more when all
 * of them are done; several in one process are its way to have more in flight. Dead letters as with the other peer.
 */
const consumers = Array.from({ length: Number(process.env.CONSUMERS) }, () =>
  Consumer.create({
    queueUrl: process.env.QUEUE_URL ?? '',
    sqs,
    batchSize: 10,
    handleMessage: async (message) => {
      const body = message.Body ?? '';
      const { email } = JSON.parse(body) as { email: string };
      try {
        await resetPassword(email);
      } catch (error) {
        if (!(error instanceof RejectedError)) throw error;
        await sendDeadLetter(body, error);
      }
      return message;
    },
  }),
);
for (const consumer of consumers) {
  consumer.on('error', (error) => {
    // A poll that is broken off at the end is an error to it as well.
    if (consumer.status.isRunning) console.error(error.message);
  });
  consumer.on('processing_error', (error) => console.error(error.message));
  consumer.start();
}
process.on('SIGTERM', () => {
  for (const consumer of consumers) consumer.stop({ abort: true });
});
