import { readFileSync } from 'node:fs';

/** Of this process alone: getrusage's maxrss would start with that of the process that spawned us (proc(5), VmHWM). */
export function peakBytes(): number {
  const peak = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1];
  return Number(peak) * 1_024;
}
