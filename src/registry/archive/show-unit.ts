import { AppError } from '../../errors.ts';
import type { Prisma } from '../generated/client.ts';
import type { DeletionMethod, DeletionState } from '../generated/enums.ts';
import type { Registry } from '../registry.ts';
import { safeInteger } from '../safe-integer.ts';
import { type ReplacementRecord, toReplacement } from './replacement.ts';
import type { LockMode, PartEncryption, PartState, UnitRecord } from './unit-record.ts';
import { toUnit } from './unit-rows.ts';

/** A part without what grows with its rows. */
export interface ShownPart {
  readonly id: number;
  readonly ordinal: number;
  readonly round: number;
  readonly state: PartState;
  readonly bucket: string;
  readonly key: string;
  readonly versionId: string | null;
  readonly sizeBytes: number;
  readonly textBytes: number;
  readonly rows: number;
  /** Of the object's bytes. */
  readonly sha256: string;
  /** Of the rows' canonical lines. */
  readonly digest: string;
  readonly definitionSha256: string;
  readonly compression: string;
  readonly storageClass: string;
  readonly encryption: PartEncryption;
  readonly lockMode: LockMode;
  readonly retainUntil: Date;
  readonly legalHold: boolean;
  readonly createdAt: Date;
  readonly storedAt: Date | null;
  readonly verifiedAt: Date | null;
  readonly validatedAt: Date | null;
  readonly validatedLevel: string | null;
  readonly expiredAt: Date | null;
}

/** What was deleted in one round in one way. */
export interface DeletionSum {
  readonly round: number;
  readonly method: DeletionMethod;
  readonly state: DeletionState;
  readonly ranges: number;
  readonly rows: number;
  readonly firstAt: Date | null;
  readonly lastAt: Date | null;
}

/** Where purged rows wait until they are dropped. */
export interface ShownUndo {
  readonly schema: string;
  readonly table: string;
  readonly dropAfter: Date;
}

/** A unit for people: all that is known of it, with what grows with its rows as counts. */
export interface ShownUnit extends Omit<UnitRecord, 'tableId'> {
  readonly rangeCount: number;
  readonly departedRows: number;
  readonly partCount: number;
  /** The first `maxShownParts`. */
  readonly parts: readonly ShownPart[];
  /** Versions that were found to be faulty, and what stands for each. */
  readonly replacements: readonly ReplacementRecord[];
  readonly deletions: readonly DeletionSum[];
  readonly undo: readonly ShownUndo[];
}

/** At the default size of a part, these are a billion rows of one month. */
const maxShownParts = 1_000;

const include = {
  table: true,
  _count: { select: { ranges: true, parts: true } },
  parts: {
    omit: { ranges: true, columns: true, spills: true, nullCounts: true },
    orderBy: { ordinal: 'asc' },
    take: maxShownParts,
  },
  undo: { where: { droppedAt: null }, orderBy: { id: 'asc' } },
} as const satisfies Prisma.ArchiveUnitInclude;

/** @throws AppError NOT_FOUND */
export async function showUnit(registry: Registry, unitId: number): Promise<ShownUnit> {
  const row = await registry.archiveUnit.findUnique({ where: { id: unitId }, include });
  if (row === null) throw new AppError('NOT_FOUND', `there is no archive unit ${unitId}`);
  const departed = await registry.archiveDeparted.aggregate({ where: { unitId }, _sum: { count: true } });
  const { tableId, ...unit } = toUnit(row);
  return {
    ...unit,
    rangeCount: row._count.ranges,
    departedRows: departed._sum.count ?? 0,
    partCount: row._count.parts,
    parts: row.parts.map(toShownPart),
    replacements: (
      await registry.archiveReplacement.findMany({
        where: { part: { unitId } },
        orderBy: { id: 'asc' },
        take: maxShownParts,
      })
    ).map(toReplacement),
    deletions: await sumDeletions(registry, unitId),
    undo: row.undo.map(({ schemaName, tableName, dropAfter }) => ({ schema: schemaName, table: tableName, dropAfter })),
  };
}

type PartRow = Prisma.ArchiveUnitGetPayload<{ include: typeof include }>['parts'][number];

function toShownPart({ unitId, ...row }: PartRow): ShownPart {
  return {
    ...row,
    id: safeInteger(row.id),
    sizeBytes: safeInteger(row.sizeBytes),
    textBytes: safeInteger(row.textBytes),
    rows: safeInteger(row.rows),
    encryption: row.encryption as unknown as PartEncryption,
    lockMode: row.lockMode as LockMode,
  };
}

async function sumDeletions(registry: Registry, unitId: number): Promise<readonly DeletionSum[]> {
  const groups = await registry.archiveDeletion.groupBy({
    by: ['round', 'method', 'state'],
    where: { unitId },
    orderBy: [{ round: 'asc' }, { method: 'asc' }, { state: 'asc' }],
    _count: true,
    _sum: { rows: true },
    _min: { at: true },
    _max: { at: true },
  });
  return groups.map(({ round, method, state, _count, _sum, _min, _max }) => ({
    round,
    method,
    state,
    ranges: _count,
    rows: safeInteger(_sum.rows ?? 0n),
    firstAt: _min.at,
    lastAt: _max.at,
  }));
}
