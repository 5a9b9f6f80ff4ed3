import { startApiSimulator } from '../../local/reset-api/simulator.ts';

// Neighbouring processes look in different places.
let next = 20_000 + ((process.pid * 37) % 10_000);

/** A free port below those that the system gives to whoever asks for any: no server or connection started meanwhile gets it. */
export async function portThatNobodyIsGiven(): Promise<number> {
  for (;;) {
    const port = next;
    next += 1;
    const isFree = await startApiSimulator({ port }).then(
      (simulator) => simulator.stop().then(() => true),
      () => false,
    );
    if (isFree) return port;
  }
}
