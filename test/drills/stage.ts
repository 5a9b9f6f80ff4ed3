import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { MetricName } from '../../functions/common/telemetry.ts';
import type { Lane } from '../../functions/contract/reset-request.ts';
import { CREDENTIALS, REGION } from '../../local/aws/account.ts';
import type { SynthesizedStack } from '../../local/stack/synthesized-stack.ts';
import { type LocalSystem, type LocalSystemOptions, startLocalSystem } from '../../local/system.ts';
import { docOf, type Part, scriptOf, sectionsOf } from '../support/runbook.ts';
import { PrintedMetrics } from './metrics.ts';
import { typed } from './terminal.ts';

const FOLDER = fileURLToPath(new URL('../../.local/drills', import.meta.url));
const RUNBOOK = sectionsOf(docOf('docs/runbook.md'));
/** What is waited for comes within two minutes, or not at all. */
const PATIENCE_MS = 200_000;
/** The lines of a command's answer that a person would read first. */
const SHOWN_LINES = 4;
const SHOWN_CHARACTERS = 140;
const shortened = (line: string): string =>
  line.length > SHOWN_CHARACTERS ? `${line.slice(0, SHOWN_CHARACTERS)}…` : line;

export interface Drill {
  title: string;
  /** The section that the alarm's description names, or that a person looks up. */
  heading: string;
  options: () => Promise<LocalSystemOptions> | LocalSystemOptions;
  play(stage: Stage): Promise<void>;
}

interface RunOptions {
  /** What the operator fills in for words in capitals. */
  fill?: Record<string, string>;
  /** The command cannot succeed while the situation lasts. */
  fails?: true;
  /** The lines of the answer to show. @default the first few */
  shows?: RegExp;
}

/** A local run in which a situation is played, and the story of it. */
export class Stage {
  /** For people, with the seconds since the beginning. */
  readonly story: string[] = [];
  private readonly startedAt = performance.now();
  private readonly metrics = new PrintedMetrics();
  private readonly folder: string;
  readonly system: LocalSystem;

  private constructor(system: LocalSystem, folder: string) {
    this.system = system;
    this.folder = folder;
    system.function.onLine((line) => this.metrics.read(line));
  }

  static async begin({ heading, options }: Drill, deployment: SynthesizedStack): Promise<Stage> {
    const folder = join(FOLDER, heading.toLowerCase().replaceAll(/[^a-z]+/g, '-'));
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(folder, { recursive: true });
    const logFile = join(folder, 'function.log');
    const system = await startLocalSystem({ deployment, logFile, ...(await options()) });
    writeFileSync(join(folder, 'outputs.json'), JSON.stringify({ [system.stackName]: system.outputs }));
    return new Stage(system, folder);
  }

  tells(what: string): void {
    this.story.push(`${this.seconds()}  ${what}`);
  }

  private seconds(): string {
    return `${((performance.now() - this.startedAt) / 1000).toFixed(1).padStart(6)} s`;
  }

  /** A file in the operator's folder. */
  writes(name: string, text: string): void {
    writeFileSync(join(this.folder, name), text, { mode: 0o600 });
  }

  sends(lane: Lane, emails: readonly string[], members: Record<string, string> = {}): Promise<string[]> {
    return this.system.send(
      lane,
      emails.map((email) => ({ body: JSON.stringify({ email, ...members }) })),
    );
  }

  /** Waits until a gauge is printed as 1. */
  async rings(gauge: MetricName, lane: Lane): Promise<void> {
    await this.until(`${gauge} of lane ${lane} is 1`, () => this.metrics.valuesOf(gauge, lane).at(-1) === 1);
    this.tells(`RINGS ${gauge} = 1, lane ${lane}`);
  }

  /** Waits until so many were counted in all. */
  async counts(metric: MetricName, lane: Lane, least: number): Promise<void> {
    const sum = () => this.metrics.valuesOf(metric, lane).reduce((total, value) => total + value, 0);
    await this.until(`${metric} of lane ${lane} is ${least}`, () => sum() >= least);
    this.tells(`RINGS ${metric}: ${sum()}, lane ${lane}`);
  }

  /** Waits until a gauge is printed as 0, from now on. */
  async stops(gauge: MetricName, lane: Lane): Promise<void> {
    const from = this.metrics.count;
    await this.until(`${gauge} of lane ${lane} is 0`, () => this.metrics.valuesOf(gauge, lane, from).at(-1) === 0);
    this.tells(`ENDS  ${gauge} = 0, lane ${lane}`);
  }

  /** Watches a count for a while: nothing is to be added to it. */
  async staysAway(metric: MetricName, lane: Lane, forMs: number): Promise<void> {
    const from = this.metrics.count;
    await delay(forMs);
    const more = this.metrics.valuesOf(metric, lane, from);
    if (more.length > 0) throw new Error(`${metric} of lane ${lane} still counts.`);
    this.tells(`ENDS  no ${metric} for ${forMs / 1000} s, lane ${lane}`);
  }

  /** Runs the one command of a section's part that matches, as it is printed in the runbook. */
  async runs(
    heading: string,
    part: Part,
    pattern: RegExp,
    { fill = {}, fails, shows }: RunOptions = {},
  ): Promise<void> {
    let script = scriptOf(RUNBOOK, heading, part, pattern);
    for (const [word, value] of Object.entries(fill))
      script = script.replaceAll(new RegExp(`\\b${word}\\b`, 'g'), value);
    this.tells(`$ ${script.replaceAll('\n', '\n            ')}`);
    const { code, lines } = await typed(script, this.folder, {
      AWS_ENDPOINT_URL: this.system.awsEndpoint,
      AWS_REGION: REGION,
      AWS_DEFAULT_REGION: REGION,
      AWS_ACCESS_KEY_ID: CREDENTIALS.accessKeyId,
      AWS_SECRET_ACCESS_KEY: CREDENTIALS.secretAccessKey,
      AWS_CONFIG_FILE: join(this.folder, 'no-aws-configuration'),
      AWS_PAGER: '',
      RESETS_OUTPUTS: join(this.folder, 'outputs.json'),
    });
    const shown = shows === undefined ? lines : lines.filter((line) => shows.test(line));
    for (const line of shown.slice(0, SHOWN_LINES)) this.story.push(`            ${shortened(line)}`);
    if ((code !== 0) !== (fails === true)) {
      throw new Error(`This ended with exit code ${code}: ${script}\n${lines.join('\n')}`);
    }
    if (shown.length === 0 && shows !== undefined) throw new Error(`No line like ${shows} in:\n${lines.join('\n')}`);
  }

  /** Looks again and again until it is so. */
  async until(what: string, isSo: () => Promise<boolean> | boolean): Promise<void> {
    const end = performance.now() + PATIENCE_MS;
    while (!(await isSo())) {
      if (performance.now() > end) throw new Error(`Within ${PATIENCE_MS / 1000} s it never came about that ${what}.`);
      await delay(200);
    }
  }

  async resets(least: number): Promise<void> {
    await this.until(`${least} are reset`, () => this.system.simulator.statistics().resets >= least);
    this.tells(`${this.system.simulator.statistics().resets} passwords are reset`);
  }
}
