import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Annotations, App } from 'aws-cdk-lib';
import { NO_TOPIC_WARNING } from './password-resets/topics.ts';
import { addResetStack } from './reset-app.ts';

export interface SynthesizeOptions {
  /** A folder used for nothing else; an earlier synthesis in it is overwritten. */
  outdir: string;
  /** Configuration by name; overrides that of `cdk.json`. */
  context: Record<string, unknown>;
}

export interface Synthesized {
  stackName: string;
  templateFile: string;
  /** The folder with the files that a function of the template is deployed from, by its logical id. */
  assetDirectory: (functionLogicalId: string) => string;
}

/**
 * Does what `cdk synth` does, in this process, for what runs on this machine.
 * @throws {InvalidConfiguration} if the context is invalid.
 */
export function synthesize({ outdir, context }: SynthesizeOptions): Synthesized {
  const app = new App({ outdir, context: { ...projectContext(), ...context }, autoSynth: false });
  const stack = addResetStack(app);
  // What is synthesized here is not deployed: nothing raises its alarms.
  Annotations.of(stack).acknowledgeWarning(NO_TOPIC_WARNING);
  const { artifactId, stackName } = stack;
  const assembly = app.synth();
  const { templateFullPath: templateFile } = assembly.getStackArtifact(artifactId);
  return {
    stackName,
    templateFile,
    assetDirectory: (functionLogicalId) => {
      const key = readJson(templateFile).Resources[functionLogicalId]?.Properties?.Code?.S3Key;
      if (typeof key !== 'string') throw new Error(`The template has no function ${functionLogicalId} with an asset.`);
      const assets = readJson(join(assembly.directory, `${artifactId}.assets.json`));
      return join(assembly.directory, assets.files[key.replace(/\.zip$/, '')].source.path);
    },
  };
}

/** The CDK's command line reads this; an app that runs without it must read it itself. */
const projectContext = (): Record<string, unknown> =>
  readJson(new URL('../cdk.json', import.meta.url)).context as Record<string, unknown>;

const readJson = (file: string | URL) => JSON.parse(readFileSync(file, 'utf8'));
