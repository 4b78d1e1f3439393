import pLimit from 'p-limit';
import { type AppError, toAppError } from '../../errors.ts';
import { toRegistryError } from '../../registry/registry-error.ts';
import type { ArchiveContext } from '../context.ts';
import { askRun } from './ask-run.ts';
import { type ArchiveRunRequest, type ArchiveRunSummary, runArchive } from './run-archive.ts';
import { sourcesToRun } from './sources-to-run.ts';

/** Sources that are worked on at the same time; each works on as many tables as it has slots. */
const maxParallelSources = 4;

export type SourceRun =
  | { readonly source: string; readonly summary: ArchiveRunSummary }
  | { readonly source: string; readonly failure: AppError };

/** A run over every source that has policies, or over those named; one that fails stops no other. */
export async function runAllSources(
  context: ArchiveContext,
  request: Omit<ArchiveRunRequest, 'source'>,
): Promise<readonly SourceRun[]> {
  const names = await sourcesToRun(context, request.filter);
  const limit = pLimit(maxParallelSources);
  return Promise.all(
    names.map((source) =>
      limit(async () => {
        try {
          const run = request.trigger === 'manual' ? askRun : runArchive;
          return { source, summary: await run(context, { ...request, source }) };
        } catch (error) {
          return { source, failure: toAppError(toRegistryError(error)) };
        }
      }),
    ),
  );
}
