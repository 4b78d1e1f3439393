import { recordAudit } from '../../registry/audit.ts';
import type { Prisma, PrismaClient } from '../../registry/generated/client.ts';
import { type AppliedBucket, type ApplyRequest, applyBucket, type ChangeOutcome } from './apply.ts';

/**
 * Applies a plan, and keeps on record who changed which settings.
 * @throws AppError as applyBucket()
 */
export async function changeBucket(
  registry: PrismaClient,
  { actor, ...request }: ApplyRequest & { readonly actor: string },
): Promise<AppliedBucket> {
  const applied = await applyBucket(request);
  const { outcomes } = applied;
  if (outcomes.length > 0) {
    const detail: Prisma.InputJsonObject = { changes: outcomes.map(outcomeDetail) };
    await recordAudit(registry, {
      actor,
      action: 'bucket.changed',
      subject: `bucket/${request.wanted.bucket}`,
      detail,
    });
  }
  return applied;
}

function outcomeDetail(outcome: ChangeOutcome): Prisma.InputJsonObject {
  const { setting } = outcome;
  switch (outcome.outcome) {
    case 'done':
      return { setting, outcome: 'done' };
    case 'failed':
      return { setting, outcome: 'failed', error: `${outcome.error.code}: ${outcome.error.message}` };
    case 'left out':
      return { setting, outcome: 'left out', because: outcome.because };
  }
}
