import type { Chance } from '../engine/chance.ts';
import type { Engine } from '../engine/engine.ts';
import type { Sandbox } from './aws/sandbox.ts';
import type { Options } from './options.ts';

/** What befalls a sandbox in the worst moment: when something was done for it, and it has not heard of that yet. */
export type Accidents = (sandbox: Sandbox) => void;

export function accidents(engine: Engine, chance: Chance, options: Options['worker'], faultsEnd: number): Accidents {
  return (sandbox) => {
    if (engine.now >= faultsEnd) return;
    if (chance.hits(options.killedBeforeAnswer)) sandbox.kill();
    else if (chance.hits(options.stallsBeforeAnswer)) sandbox.stall(chance.whole(1, options.longestStallMs));
  };
}
