import { readdirSync, readFileSync } from 'node:fs';

export interface CpuMeter {
  /** @returns processor seconds, user and system, since the beginning; undefined where there is no `/proc`. */
  stop(): number | undefined;
}

/** Linux counts in these for every program, whatever the kernel's own tick is (`man 5 proc`, USER_HZ). */
const TICKS_PER_SECOND = 100;
const LOOK_EVERY_MS = 1000;

/**
 * The processor time of this process's children that run Node: the sandboxes and programs of a contestant, all their threads. The queues, the API and
 * what Lambda itself does run in this process and are not counted. Looks now and then, since a process takes its count with it when it ends.
 */
export function measureCpu(): CpuMeter {
  const ticksByPid = new Map<number, number>();
  const before = ticksOfChildren();
  const look = () => {
    for (const [pid, ticks] of ticksOfChildren() ?? []) ticksByPid.set(pid, ticks - (before?.get(pid) ?? 0));
  };
  const timer = setInterval(look, LOOK_EVERY_MS);
  timer.unref();
  return {
    stop: () => {
      clearInterval(timer);
      look();
      if (before === undefined) return undefined;
      return [...ticksByPid.values()].reduce((total, ticks) => total + ticks, 0) / TICKS_PER_SECOND;
    },
  };
}

function ticksOfChildren(): Map<number, number> | undefined {
  const found = new Map<number, number>();
  try {
    for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
      const ticks = ticksOfChild(pid);
      if (ticks !== undefined) found.set(Number(pid), ticks);
    }
    return found;
  } catch {
    return undefined;
  }
}

function ticksOfChild(pid: string): number | undefined {
  try {
    // The name of the program stands in brackets and may hold spaces; the fields after it are counted from the third.
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const [parent, user, system] = [fields[1], fields[11], fields[12]].map(Number);
    if (parent !== process.pid) return undefined;
    if (readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0')[0] !== process.execPath) return undefined;
    return (user ?? 0) + (system ?? 0);
  } catch {
    // It ended in between.
    return undefined;
  }
}
