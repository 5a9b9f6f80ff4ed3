import {
  type GetSecretValueCommandOutput,
  ResourceNotFoundException,
  type SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager';
import type { Engine } from '../../engine/engine.ts';
import type { Options } from '../options.ts';
import type { Sandbox } from './sandbox.ts';
import type { Service } from './service.ts';

const FIRST = 'token-1';
const SECOND = 'token-2';
const NO_VALUE = new ResourceNotFoundException({ message: 'no value', $metadata: {} });

/** The secret's value over time, and what the API thinks of it. */
export class Secret {
  readonly #engine: Engine;
  readonly #service: Service;
  readonly #options: Options['secret'];
  readonly #start: number;

  constructor(engine: Engine, service: Service, options: Options['secret']) {
    this.#engine = engine;
    this.#service = service;
    this.#options = options;
    this.#start = engine.now;
  }

  accepts(token: string): boolean {
    const { expiresAtMs, renewedAtMs } = this.#options;
    if (token === SECOND) return true;
    const timeMs = this.#engine.now - this.#start;
    const isExpired = expiresAtMs !== undefined && timeMs >= expiresAtMs;
    return !isExpired || (renewedAtMs !== undefined && timeMs >= renewedAtMs);
  }

  clientOf(sandbox: Sandbox): SecretsManagerClient {
    const send = (): Promise<Partial<GetSecretValueCommandOutput>> => this.#service.call(sandbox, () => this.#read());
    return { send } as unknown as SecretsManagerClient;
  }

  #read(): Partial<GetSecretValueCommandOutput> {
    const { emptyUntilMs, replacedAtMs } = this.#options;
    const timeMs = this.#engine.now - this.#start;
    if (emptyUntilMs !== undefined && timeMs < emptyUntilMs) throw NO_VALUE;
    const value = replacedAtMs !== undefined && timeMs >= replacedAtMs ? SECOND : FIRST;
    return { SecretString: value, VersionId: `version-of-${value}` };
  }
}
