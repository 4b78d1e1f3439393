import { Presets, SingleBar } from 'cli-progress';
import { type ArchivePlan, type PlanEntry, planWork } from '../../archive/plan/plan.ts';
import type { TableOutcome } from '../../archive/run/outcome.ts';
import { printable } from '../../printable.ts';

export interface ArchiveProgress {
  readonly onPlan: (plan: ArchivePlan) => void;
  readonly onOutcome: (outcome: TableOutcome) => void;
  readonly stop: () => void;
}

/** A bar with the tables' months that are done, where somebody watches; nothing where the output goes to a file or program. */
export function showArchiveProgress(stream: NodeJS.WritableStream & { readonly isTTY?: boolean }): ArchiveProgress {
  if (!stream.isTTY) return { onPlan: () => undefined, onOutcome: () => undefined, stop: () => undefined };
  const format = ' {bar} {percentage}%  {value}/{total} months of tables  {last}';
  const bar = new SingleBar({ stream, format, hideCursor: true, etaBuffer: 1 }, Presets.shades_classic);
  // What is proved is heard of again when it is purged.
  const settled = new Set<PlanEntry>();
  let planned = 0;
  return {
    onPlan(plan) {
      const isFirst = planned === 0;
      planned += planWork(plan).reduce((sum, { entries }) => sum + entries.length, 0);
      if (planned === 0) return;
      if (isFirst) bar.start(planned, 0, { last: '' });
      else bar.setTotal(planned);
    },
    onOutcome({ entry, kind }) {
      // What is refused is no work of the plan, and may be told before the bar is there.
      if (entry.action === 'none') return;
      settled.add(entry);
      bar.update(settled.size, { last: printable(`${entry.schema}.${entry.table} ${entry.month} ${kind}`) });
    },
    stop: () => bar.stop(),
  };
}
