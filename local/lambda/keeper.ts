import { spawn } from 'node:child_process';

/** Kills sandboxes whose parent has died: a frozen process cannot notice that itself. */
export interface Keeper {
  watch(pid: number): void;
  forget(pid: number): void;
  stop(): void;
}

/** Reads `+pid` and `-pid` until the pipe closes, then kills the processes still listed. */
const SCRIPT = `trap '' INT TERM HUP
pids=" "
while read -r line; do
  pid=\${line#?}
  case $line in
    +*) pids="$pids$pid " ;;
    -*) case $pids in *" $pid "*) pids="\${pids%% $pid *} \${pids#* $pid }" ;; esac ;;
  esac
done
for pid in $pids; do kill -9 "$pid" 2>/dev/null; done
exit 0`;

export function startKeeper(): Keeper {
  const child = spawn('/bin/sh', ['-c', SCRIPT], { stdio: ['pipe', 'ignore', 'ignore'], detached: true, env: {} });
  child.on('error', () => {});
  child.stdin.on('error', () => {});
  // Neither the child nor its pipe keeps the parent alive.
  child.unref();
  (child.stdin as unknown as { unref?(): void }).unref?.();
  return {
    watch: (pid) => void child.stdin.write(`+${pid}\n`),
    forget: (pid) => void child.stdin.write(`-${pid}\n`),
    stop: () => void child.stdin.end(),
  };
}
