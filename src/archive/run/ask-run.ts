import { AppError } from '../../errors.ts';
import { recordAudit } from '../../registry/audit.ts';
import type { Prisma } from '../../registry/generated/client.ts';
import type { ArchiveContext } from '../context.ts';
import { listStored } from '../policy/apply-policies.ts';
import { type ArchiveRunRequest, type ArchiveRunSummary, runArchive } from './run-archive.ts';

/**
 * A run that somebody asked for beside the schedule: recorded with who it was and what was to be archived.
 * @throws AppError NOT_FOUND for a policy that the source does not have; as runArchive
 */
export async function askRun(context: ArchiveContext, request: ArchiveRunRequest): Promise<ArchiveRunSummary> {
  const { registry } = context;
  const { source, filter, actor } = request;
  const known = new Set((await listStored(registry, source)).map(({ policy }) => policy.name));
  const stray = filter.policies?.find((name) => !known.has(name));
  if (stray !== undefined) throw new AppError('NOT_FOUND', `source ${source} has no policy ${stray}`);
  const detail = { ...filter } as unknown as Prisma.InputJsonObject;
  await recordAudit(registry, { actor, action: 'archive.run-asked', subject: `source/${source}`, detail });
  return runArchive(context, request);
}
