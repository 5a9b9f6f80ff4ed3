import { mkdirSync, mkdtempDisposableSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { CREDENTIALS, REGION } from '../../local/aws/account.ts';
import { type LocalSystem, startLocalSystem } from '../../local/system.ts';
import { castOf, svgOf } from './formats.ts';
import { Recorder } from './recorder.ts';
import { FILES, SCENES, type Step } from './scenes.ts';

const PROGRAM = fileURLToPath(new URL('../../cli/main.ts', import.meta.url));
const RESULTS = fileURLToPath(new URL('../../docs/recording', import.meta.url));
const SIZE = { columns: 100, rows: 30 };
const TITLE = 'resets: a campaign';
/** High enough for a campaign to end while somebody looks on. */
const QUOTA = { perMinute: 3000, burst: 60 };

/** Plays all scenes. @returns what is to be written, by the name of its file. */
async function record(system: LocalSystem, folder: string): Promise<Map<string, string>> {
  const recorder = new Recorder(SIZE, folder, environmentOf(system, folder));
  const written = new Map<string, string>();
  try {
    await recorder.starts();
    for (const { title, steps } of SCENES) {
      console.error(title);
      recorder.begins(title);
      for (const step of steps) {
        await play(step, recorder, (name, picture) => written.set(`${name}.svg`, picture));
      }
    }
  } finally {
    recorder.close();
  }
  return written.set('campaign.cast', castOf(SIZE, TITLE, recorder.events));
}

async function play(step: Step, recorder: Recorder, keep: (name: string, picture: string) => void): Promise<void> {
  if ('types' in step) {
    await recorder.types(step.types);
    recorder.presses('\r');
    await (step.shows === undefined ? recorder.ends() : recorder.shows(step.shows));
  } else if ('presses' in step) {
    recorder.presses(step.presses);
    await recorder.ends();
  } else if ('shows' in step) await recorder.shows(step.shows);
  else if ('still' in step) keep(step.still, svgOf(SIZE.columns, await recorder.still(), step));
  else recorder.reads(step.reads);
}

/** A shell in which `resets` is on the path and finds the system; it has nothing of this machine's own. */
function environmentOf(system: LocalSystem, folder: string): Record<string, string> {
  const programs = join(folder, '.programs');
  mkdirSync(programs);
  symlinkSync(PROGRAM, join(programs, 'resets'));
  writeFileSync(join(folder, 'outputs.json'), JSON.stringify({ [system.stackName]: system.outputs }));
  for (const [name, text] of Object.entries(FILES)) writeFileSync(join(folder, name), text);
  return {
    PATH: [programs, dirname(process.execPath), '/usr/bin', '/bin'].join(':'),
    HOME: folder,
    LANG: 'C.UTF-8',
    AWS_ENDPOINT_URL: system.awsEndpoint,
    AWS_REGION: REGION,
    AWS_ACCESS_KEY_ID: CREDENTIALS.accessKeyId,
    AWS_SECRET_ACCESS_KEY: CREDENTIALS.secretAccessKey,
    AWS_SESSION_TOKEN: CREDENTIALS.sessionToken,
    RESETS_OUTPUTS: 'outputs.json',
  };
}

/** @throws Error if a result shows where it was made, which would be another place each time, or somebody's whole address. */
function checkWhatIsShown(written: ReadonlyMap<string, string>, folder: string): void {
  const places = [folder, dirname(dirname(PROGRAM)), '127.0.0.1'];
  for (const [name, text] of written) {
    const address = /[\w.+'-]+@example\.org/.exec(text)?.[0];
    const shown = address ?? places.find((place) => text.includes(place));
    if (shown !== undefined) throw new Error(`${name} shows ${shown}; change the scene, so that it does not.`);
  }
}

console.error('Starting the local run …');
const system = await startLocalSystem({
  context: { callsPerMinute: QUOTA.perMinute, callBurst: QUOTA.burst },
  simulator: { quota: QUOTA, latencyMs: 30, latencyJitterMs: 40 },
});
try {
  using folder = mkdtempDisposableSync(join(tmpdir(), 'recording-'));
  const written = await record(system, folder.path);
  checkWhatIsShown(written, folder.path);
  rmSync(RESULTS, { recursive: true, force: true });
  mkdirSync(RESULTS, { recursive: true });
  for (const [name, text] of written) writeFileSync(join(RESULTS, name), text);
  console.log(`docs/recording: ${[...written.keys()].join(', ')}`);
} finally {
  await system.stop();
}
// What is left of a poll keeps nobody waiting.
setImmediate(() => process.exit());
