import { AppError, type ErrorCode } from '../../errors.ts';
import { storableText } from '../file/mark-failed.ts';
import type { Prisma, PrismaClient } from '../generated/client.ts';
import type { Registry } from '../registry.ts';
import { safeInteger, safeIntegerOrNull } from '../safe-integer.ts';
import type { DepartedRow } from './unit-record.ts';

/** A stored version that was found to be faulty, and what stands for it. */
export interface ReplacementRecord {
  readonly id: number;
  readonly partId: number;
  /** The faulty one; null: there was none. */
  readonly versionId: string | null;
  /** Of the same object, with the bytes on record; null: the rows were archived anew. */
  readonly newVersionId: string | null;
  /** Of the unit, in which the rows were archived anew. */
  readonly round: number | null;
  /** The first part of the rows that were archived anew; null: none, or other parts of the round hold them. */
  readonly newPartId: number | null;
  /** Whether what stands for it holds the very rows that it held. */
  readonly isSame: boolean;
  readonly code: string;
  readonly text: string;
  readonly actor: string;
  readonly at: Date;
}

export interface Fault {
  readonly code: ErrorCode;
  readonly text: string;
}

export interface ReplacedVersion {
  readonly partId: number;
  readonly versionId: string | null;
  readonly fault: Fault;
  readonly actor: string;
}

/** Of a part whose rows are archived anew. */
export interface PartReplacement extends ReplacedVersion {
  readonly unitId: number;
  readonly round: number;
  readonly isSame: boolean;
  /** On record as departed, and in no other part: what stands for it does not hold them. */
  readonly takenBack: readonly DepartedRow[];
}

export function toReplacement(row: Prisma.ArchiveReplacementGetPayload<object>): ReplacementRecord {
  return {
    ...row,
    id: safeInteger(row.id),
    partId: safeInteger(row.partId),
    newPartId: safeIntegerOrNull(row.newPartId),
  };
}

/**
 * INTENDED or STORED → REPLACED: in one transaction with the record of the part that stands for it, where there is one.
 * @throws AppError ILLEGAL_STATE
 */
export async function replacePart(
  registry: Registry,
  replacement: PartReplacement,
  newPartId: number | null,
): Promise<void> {
  const { partId, versionId, unitId, round, isSame, fault, actor, takenBack } = replacement;
  // A version that is not there has no hold and no expiry to look after.
  const left = fault.code === 'FILE_MISSING' ? null : versionId;
  const changed = await registry.$executeRaw`
    update registry.archive_part set state = 'REPLACED', version_id = ${left}
     where id = ${partId} and unit_id = ${unitId} and state in ('INTENDED', 'STORED')`;
  if (changed !== 1) throw new AppError('ILLEGAL_STATE', `archive part ${partId} is neither INTENDED nor STORED`);
  const { code, text } = { ...fault, text: storableText(fault.text) };
  await registry.archiveReplacement.create({
    data: { partId, versionId, round, newPartId, isSame, code, text, actor },
  });
  if (takenBack.length === 0) return;
  await registry.archiveDeparted.createMany({
    data: takenBack.map((row) => ({ ...row, unitId, count: -row.count })),
  });
}

/**
 * Another version of a STORED part's object is the part from now on: it has the same bytes, and is to be proved.
 * @throws AppError ILLEGAL_STATE
 */
export async function takeVersion(
  registry: PrismaClient,
  { partId, versionId, fault, actor, newVersionId }: ReplacedVersion & { readonly newVersionId: string },
): Promise<void> {
  await registry.$transaction(async (transaction) => {
    const changed = await transaction.$executeRaw`
      update registry.archive_part set version_id = ${newVersionId}, legal_hold = false
       where id = ${partId} and state = 'STORED' and version_id = ${versionId}`;
    if (changed !== 1) throw new AppError('ILLEGAL_STATE', `archive part ${partId} is not STORED as it was`);
    const { code, text } = { ...fault, text: storableText(fault.text) };
    await transaction.archiveReplacement.create({
      data: { partId, versionId, newVersionId, isSame: true, code, text, actor },
    });
  });
}

/** EXPORTED, VERIFIED or PURGED → PLANNED, one round on: rows of a faulty part are archived anew. */
export async function beginRepairRound(registry: Registry, unitId: number): Promise<void> {
  const changed = await registry.$executeRaw`
    update registry.archive_unit
       set state = 'PLANNED', round = round + 1, exported_at = null, verified_at = null, purged_at = null
     where id = ${unitId} and state in ('EXPORTED', 'VERIFIED', 'PURGED')`;
  if (changed === 1) return;
  throw new AppError('ILLEGAL_STATE', `archive unit ${unitId} is neither EXPORTED, VERIFIED nor PURGED`);
}
