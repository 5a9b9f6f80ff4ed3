import { fstatSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { startApiSimulator } from './simulator.ts';

/** The simulator in a process of its own, for measurements. Prints its addresses as one line of JSON. */
async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      port: { type: 'string', default: '0' },
      token: { type: 'string', multiple: true, default: ['local-token'] },
      'base-path': { type: 'string', default: '' },
      'calls-per-minute': { type: 'string' },
      burst: { type: 'string', default: '1' },
      'latency-ms': { type: 'string', default: '0' },
    },
  });
  const perMinute = Number(values['calls-per-minute'] ?? 0);
  const { baseUrl, administrationUrl } = await startApiSimulator({
    port: Number(values.port),
    basePath: values['base-path'],
    tokens: values.token,
    latencyMs: Number(values['latency-ms']),
    quota: perMinute > 0 ? { perMinute, burst: Number(values.burst) } : null,
  });
  const at = (name: string) => new URL(name, administrationUrl).href;
  console.log(JSON.stringify({ baseUrl, stats: at('stats'), settings: at('settings') }));
  // A program that started it holds the other end of a pipe; it ends with that program.
  const stdin = fstatSync(0);
  if (stdin.isFIFO() || stdin.isSocket()) process.stdin.on('close', () => process.exit(0)).resume();
}

main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 2;
});
