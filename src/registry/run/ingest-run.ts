import type { ErrorCode } from '../../errors.ts';
import { storableText } from '../file/mark-failed.ts';
import type { Registry } from '../registry.ts';
import { safeInteger } from '../safe-integer.ts';

export const runTriggers = ['schedule', 'manual', 'api'] as const;

export type RunTrigger = (typeof runTriggers)[number];

export interface RunCounts {
  readonly objectsListed: number;
  readonly manifestsRead: number;
  readonly deliveriesFound: number;
  readonly filesRegistered: number;
}

export async function startRun(registry: Registry, exportId: number, trigger: RunTrigger): Promise<number> {
  const run = await registry.ingestRun.create({ data: { exportId, trigger } });
  return safeInteger(run.id);
}

export async function finishRun(registry: Registry, runId: number, counts: RunCounts): Promise<void> {
  await registry.ingestRun.update({ where: { id: runId }, data: { ...counts, finishedAt: new Date() } });
}

export async function failRun(
  registry: Registry,
  runId: number,
  failure: { readonly code: ErrorCode; readonly text: string },
): Promise<void> {
  const data = { finishedAt: new Date(), errorCode: failure.code, errorText: storableText(failure.text) };
  await registry.ingestRun.update({ where: { id: runId }, data });
}

/** No discovery takes as long: what is unfinished after this belongs to a process that died. */
const abandonedAfterHours = 6;

/** Ends the runs that dead processes left open, so that the list of runs tells the truth. */
export async function closeAbandonedRuns(registry: Registry): Promise<void> {
  await registry.$executeRaw`
    update registry.ingest_run
       set finished_at = now(), error_code = 'CANCELLED', error_text = 'the process that ran this ended before it did'
     where finished_at is null and started_at < now() - make_interval(hours => ${abandonedAfterHours})`;
}
