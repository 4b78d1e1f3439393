import { AppError } from '../../errors.ts';
import { createRestore, type RestoreRecord } from '../../registry/archive/restore.ts';
import type { Prisma } from '../../registry/generated/client.ts';
import type { ArchiveContext } from '../context.ts';
import type { RestorePlan } from './restore-plan.ts';
import { storedRequest } from './stored-request.ts';
import { targetKeyOf } from './target-table.ts';

/**
 * Records a restore as planned; the job, or who asked, takes it further by `advanceRestore`.
 * @throws AppError RESTORE_CONFLICT when the plan says what stands in the way
 */
export async function startRestore(
  { registry }: ArchiveContext,
  { plan, actor }: { readonly plan: RestorePlan; readonly actor: string },
): Promise<RestoreRecord> {
  const { request, refusals } = plan;
  if (refusals.length > 0) throw new AppError('RESTORE_CONFLICT', `nothing is restored: ${refusals.join('; ')}`);
  const { selection, target } = storedRequest(request);
  return createRestore(registry, {
    source: request.source,
    selection: json(selection),
    target: json(target),
    targetKey: targetKeyOf(request),
    plan: json(plan),
    actor,
    parts: plan.tables.flatMap(({ parts }) =>
      parts.map(({ partId, isThere }) => ({ partId, state: isThere ? ('SKIPPED' as const) : ('PENDING' as const) })),
    ),
  });
}

/** Costs leave as text: JSON has no integers of their size. */
function json(value: object): Prisma.InputJsonObject {
  const text = JSON.stringify(value, (_, one: unknown) => (typeof one === 'bigint' ? String(one) : one));
  return JSON.parse(text) as Prisma.InputJsonObject;
}
