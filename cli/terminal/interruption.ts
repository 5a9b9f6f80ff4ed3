/**
 * Waits for work, which nobody waits for once the signal is given: then it is undefined. Nothing of it is kept by the signal, which may be
 * that of a command that runs for days.
 */
export async function unlessInterrupted<T>(work: Promise<T>, signal: AbortSignal): Promise<T | undefined> {
  let interrupt = (): void => {};
  const interruption = new Promise<undefined>((resolve) => {
    interrupt = () => resolve(undefined);
  });
  if (signal.aborted) interrupt();
  signal.addEventListener('abort', interrupt, { once: true });
  try {
    return await Promise.race([work, interruption]);
  } finally {
    signal.removeEventListener('abort', interrupt);
  }
}
