import { AppError } from '../../errors.ts';
import type { Prisma, PrismaClient } from '../generated/client.ts';
import type { Registry } from '../registry.ts';
import { safeInteger } from '../safe-integer.ts';
import { type PartReplacement, replacePart } from './replacement.ts';
import type { DepartedRow, Encryption, LockMode, PartRange, PartRecord, UnitRange } from './unit-record.ts';
import { toPart } from './unit-rows.ts';

export interface NewPart {
  readonly unitId: number;
  readonly ordinal: number;
  readonly round: number;
  readonly bucket: string;
  readonly key: string;
  readonly sizeBytes: number;
  readonly textBytes: number;
  readonly sha256: string;
  readonly digest: string;
  readonly rows: number;
  readonly definitionSha256: string;
  readonly ranges: readonly PartRange[];
  readonly columns: Prisma.InputJsonValue;
  readonly spills: Readonly<Record<string, string>>;
  readonly nullCounts: readonly number[];
  readonly compression: string;
  readonly storageClass: string;
  readonly encryption: Encryption;
  readonly lockMode: LockMode;
  readonly retainUntil: Date;
}

export interface PartIntent {
  readonly part: NewPart;
  /** Ranges of the unit that begin with this part; of a further part none. */
  readonly newRanges: readonly UnitRange[];
  readonly departed?: readonly DepartedRow[];
  /** The faulty part that it stands for. */
  readonly replaces?: PartReplacement | undefined;
}

/** Records a part, with the ranges that it brings, before anything is uploaded. */
export async function intendPart(
  registry: PrismaClient,
  { part, newRanges, departed = [], replaces }: PartIntent,
): Promise<PartRecord> {
  return registry.$transaction(async (transaction) => {
    const row = await transaction.archivePart.create({
      data: {
        ...part,
        ranges: json(part.ranges),
        nullCounts: json(part.nullCounts),
        encryption: json(part.encryption),
      },
    });
    if (newRanges.length > 0) {
      await transaction.$executeRaw`
        insert into registry.archive_range (unit_id, ordinal, upper)
        select ${part.unitId}, r.ordinal, r.upper
          from jsonb_to_recordset(${JSON.stringify(newRanges)}::jsonb) as r (ordinal int, upper jsonb)`;
    }
    await recordDeparted(transaction, part.unitId, departed);
    if (replaces !== undefined) await replacePart(transaction, replaces, safeInteger(row.id));
    return toPart(row);
  });
}

/** Takes back an intent whose object never came to be: the part and the ranges that came with it. */
export async function dropIntent(registry: PrismaClient, part: PartRecord): Promise<void> {
  await registry.$transaction(async (transaction) => {
    // What it was to stand for was given up: its rows are exported again, as those that no part holds.
    await transaction.archiveReplacement.updateMany({
      where: { newPartId: part.id },
      data: { newPartId: null, isSame: false },
    });
    const { count } = await transaction.archivePart.deleteMany({ where: { id: part.id, state: 'INTENDED' } });
    if (count !== 1) throw new AppError('ILLEGAL_STATE', `archive part ${part.id} is not INTENDED any more`);
    const first = part.ranges[0]?.ordinal;
    if (part.round === 1 && first !== undefined) {
      await transaction.archiveRange.deleteMany({ where: { unitId: part.unitId, ordinal: { gte: first } } });
    }
  });
}

/** INTENDED or SPOOLED → STORED. */
export async function markPartStored(registry: Registry, partId: number, versionId: string): Promise<void> {
  const changed = await registry.$executeRaw`
    update registry.archive_part set state = 'STORED', version_id = ${versionId}, stored_at = now()
     where id = ${partId} and state in ('INTENDED', 'SPOOLED')`;
  requireChange(changed, partId, 'INTENDED or SPOOLED');
}

/** INTENDED → SPOOLED: its bytes lie on the local disk and are sent later. */
export async function markPartSpooled(registry: Registry, partId: number): Promise<void> {
  const changed = await registry.$executeRaw`
    update registry.archive_part set state = 'SPOOLED' where id = ${partId} and state = 'INTENDED'`;
  requireChange(changed, partId, 'INTENDED');
}

/** STORED → VERIFIED. `isEncrypted`: whether the server says that the part is encrypted as it was asked to be. */
export async function markPartVerified(
  registry: Registry,
  partId: number,
  { isEncrypted }: { readonly isEncrypted: boolean },
): Promise<void> {
  const changed = await registry.$executeRaw`
    update registry.archive_part
       set state = 'VERIFIED', verified_at = now(),
           encryption = case when ${isEncrypted} then encryption - 'unconfirmed'
                             else encryption || '{"unconfirmed": true}' end
     where id = ${partId} and state = 'STORED'`;
  requireChange(changed, partId, 'STORED');
}

/**
 * The unit's last range has no upper bound: whatever comes later into the month belongs to it. A month in which there was
 * nothing is one such range.
 */
export async function openLastRange(registry: Registry, unitId: number): Promise<void> {
  await registry.$executeRaw`
    insert into registry.archive_range (unit_id, ordinal, upper)
    select ${unitId}, coalesce(max(ordinal), 1), null from registry.archive_range where unit_id = ${unitId}
    on conflict (unit_id, ordinal) do update set upper = null`;
}

/** The ranges of a unit that has none: one that was recovered. */
export async function setRanges(registry: Registry, unitId: number, ranges: readonly UnitRange[]): Promise<void> {
  await registry.$executeRaw`
    insert into registry.archive_range (unit_id, ordinal, upper)
    select ${unitId}, r.ordinal, r.upper
      from jsonb_to_recordset(${JSON.stringify(ranges)}::jsonb) as r (ordinal int, upper jsonb)`;
}

/** Adds to what is on record: only rows that are not on record as departed already are found to have departed. */
export async function recordDeparted(
  registry: Registry,
  unitId: number,
  departed: readonly DepartedRow[],
): Promise<void> {
  if (departed.length === 0) return;
  await registry.$executeRaw`
    insert into registry.archive_departed (unit_id, round, range_ordinal, row_sha256, count)
    select ${unitId}, r.round, r."rangeOrdinal", r."rowSha256", r.count
      from jsonb_to_recordset(${JSON.stringify(departed)}::jsonb)
        as r (round int, "rangeOrdinal" int, "rowSha256" text, count int)`;
}

/** Parts that wait on a local disk for the bucket. */
export async function listSpooled(registry: Registry): Promise<readonly PartRecord[]> {
  const rows = await registry.archivePart.findMany({ where: { state: 'SPOOLED' }, orderBy: { id: 'asc' } });
  return rows.map(toPart);
}

/** The number of the unit's next part. */
export async function nextPartOrdinal(registry: Registry, unitId: number): Promise<number> {
  const rows = await registry.$queryRaw<{ next: bigint }[]>`
    select coalesce(max(ordinal), 0) + 1 as next from registry.archive_part where unit_id = ${unitId}`;
  return safeInteger(BigInt(rows[0]?.next ?? 1));
}

function json(value: unknown): Prisma.InputJsonValue {
  return value as Prisma.InputJsonValue;
}

function requireChange(changed: number, partId: number, expected: string): void {
  if (changed === 1) return;
  throw new AppError('ILLEGAL_STATE', `archive part ${partId} is not ${expected}`);
}
