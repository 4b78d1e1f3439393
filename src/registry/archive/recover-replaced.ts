import type { Prisma } from '../generated/client.ts';
import type { NewPart } from './part-states.ts';
import type { ReplacementRecord } from './replacement.ts';
import type { PartEncryption } from './unit-record.ts';

/** A part as a manifest names it, and as its object was found. */
export interface RecoveredPart extends Omit<NewPart, 'unitId' | 'encryption'> {
  readonly encryption: PartEncryption;
  readonly versionId: string;
  readonly legalHold: boolean;
  /** Gone, and its retention is over. */
  readonly isExpired: boolean;
}

/** A version of a part that was found to be faulty, and what stands for it. */
export interface RecoveredReplacement
  extends Pick<
    ReplacementRecord,
    'versionId' | 'newVersionId' | 'round' | 'isSame' | 'code' | 'text' | 'actor' | 'at'
  > {
  /** As it was on record, with the faulty version; null: there was none any more. */
  readonly part: Omit<RecoveredPart, 'versionId'> & { readonly versionId: string | null };
  /** Number of the part that its rows were archived anew in. */
  readonly newOrdinal: number | null;
}

type Transaction = Prisma.TransactionClient;

/** What the registry does not have of it; the parts that stand for others are there. */
export async function recordReplaced(
  transaction: Transaction,
  unitId: bigint,
  { replaced, provedAt }: { readonly replaced: readonly RecoveredReplacement[]; readonly provedAt: Date },
): Promise<void> {
  for (const { part, newVersionId } of replaced) {
    if (newVersionId === null) await setReplaced(transaction, unitId, part, provedAt);
  }
  const parts = await transaction.archivePart.findMany({ where: { unitId }, select: { id: true, ordinal: true } });
  const idOf = (ordinal: number | null) => parts.find((one) => one.ordinal === ordinal)?.id ?? null;
  for (const { part, newOrdinal, ...replacement } of replaced) {
    const partId = idOf(part.ordinal);
    const { versionId, at } = replacement;
    if (partId === null) continue;
    if ((await transaction.archiveReplacement.findFirst({ where: { partId, versionId, at } })) !== null) continue;
    await transaction.archiveReplacement.create({ data: { ...replacement, partId, newPartId: idOf(newOrdinal) } });
  }
}

/** Any state → REPLACED, by the steps that there are; one that the registry does not have is made. */
async function setReplaced(
  transaction: Transaction,
  unitId: bigint,
  part: RecoveredReplacement['part'],
  provedAt: Date,
): Promise<void> {
  const { ordinal, versionId, isExpired } = part;
  const known = await transaction.archivePart.findUnique({ where: { unitId_ordinal: { unitId, ordinal } } });
  if (known?.state === 'REPLACED') return;
  if (known === null) {
    await transaction.archivePart.create({
      data: { ...partData(part, unitId), state: 'REPLACED', ...(isExpired ? { expiredAt: provedAt } : {}) },
    });
    return;
  }
  await transaction.$executeRaw`
    update registry.archive_part set state = 'STORED' where id = ${known.id} and state = 'VERIFIED'`;
  await transaction.$executeRaw`
    update registry.archive_part set state = 'REPLACED', version_id = ${versionId} where id = ${known.id}`;
}

/** A part's row, without its state. */
export function partData<P extends RecoveredReplacement['part']>({ isExpired: _, ...part }: P, unitId: bigint) {
  const { ranges, nullCounts, encryption } = part;
  return {
    ...part,
    unitId,
    ranges: json(ranges),
    nullCounts: json(nullCounts),
    encryption: json(encryption),
  };
}

function json(value: unknown): Prisma.InputJsonValue {
  return value as Prisma.InputJsonValue;
}
