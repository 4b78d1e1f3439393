import type { Prisma } from '../generated/client.ts';
import { day } from '../instant.ts';
import { safeInteger } from '../safe-integer.ts';
import { toReplacement } from './replacement.ts';
import type {
  DepartedRow,
  LockMode,
  PartEncryption,
  PartRange,
  PartRecord,
  UnitRange,
  UnitRecord,
  WholeUnit,
} from './unit-record.ts';

export const unitInclude = { table: true } as const;
export const wholeUnitInclude = {
  table: true,
  ranges: { orderBy: { ordinal: 'asc' } },
  parts: { orderBy: { ordinal: 'asc' }, include: { replacements: true } },
  departed: { orderBy: [{ rangeOrdinal: 'asc' }, { rowSha256: 'asc' }, { id: 'asc' }] },
} as const satisfies Prisma.ArchiveUnitInclude;

type UnitRow = Prisma.ArchiveUnitGetPayload<{ include: typeof unitInclude }>;
type WholeUnitRow = Prisma.ArchiveUnitGetPayload<{ include: typeof wholeUnitInclude }>;
type PartRow = Prisma.ArchivePartGetPayload<object>;

export function toUnit(row: UnitRow): UnitRecord {
  return {
    id: safeInteger(row.id),
    tableId: row.tableId,
    source: row.table.source,
    schema: row.table.schemaName,
    table: row.table.tableName,
    month: day(row.period).slice(0, 7),
    mode: row.mode,
    state: row.state,
    policyName: row.policyName,
    policy: row.policy,
    definitionSha256: row.definitionSha256,
    timeColumn: row.timeColumn,
    keyColumns: row.keyColumns,
    round: row.round,
    rows: safeInteger(row.rows),
    textBytes: safeInteger(row.textBytes),
    digest: row.digest,
    retainUntil: row.retainUntil,
    attempts: row.attempts,
    keepUntil: row.keepUntil,
    recoveredRound: row.recoveredRound,
    exportedAt: row.exportedAt,
    verifiedAt: row.verifiedAt,
    purgedAt: row.purgedAt,
    errorCode: row.errorCode,
    errorText: row.errorText,
  };
}

export function toWholeUnit(row: WholeUnitRow): WholeUnit {
  const parts = row.parts.map(({ replacements, ...part }) => toPart(part));
  return {
    ...toUnit(row),
    ranges: row.ranges.map(({ ordinal, upper }) => ({ ordinal, upper: upper as unknown as UnitRange['upper'] })),
    parts: parts.filter(({ state }) => state !== 'REPLACED'),
    replacedParts: parts.filter(({ state }) => state === 'REPLACED'),
    replacements: row.parts.flatMap(({ replacements }) => replacements.map(toReplacement)).sort((a, b) => a.id - b.id),
    departed: departedRows(row.departed),
  };
}

/** Without what was taken back. */
function departedRows(rows: WholeUnitRow['departed']): readonly DepartedRow[] {
  const isWhole = rows.every(({ count }) => count > 0);
  const groups = isWhole
    ? rows.map((row) => [row])
    : Map.groupBy(rows, ({ round, rangeOrdinal, rowSha256 }) => `${rangeOrdinal} ${rowSha256} ${round}`).values();
  return [...groups].flatMap((group) => {
    const [first] = group;
    const count = group.reduce((sum, row) => sum + row.count, 0);
    if (first === undefined || count <= 0) return [];
    const { round, rangeOrdinal, rowSha256 } = first;
    return [{ round, rangeOrdinal, rowSha256, count }];
  });
}

/** The JSON columns hold what recordPart put there, and nothing else can write them unnoticed by a proof. */
export function toPart(row: PartRow): PartRecord {
  return {
    ...row,
    id: safeInteger(row.id),
    unitId: safeInteger(row.unitId),
    sizeBytes: safeInteger(row.sizeBytes),
    textBytes: safeInteger(row.textBytes),
    rows: safeInteger(row.rows),
    ranges: row.ranges as unknown as readonly PartRange[],
    spills: row.spills as unknown as Readonly<Record<string, string>>,
    nullCounts: row.nullCounts as unknown as readonly number[],
    encryption: row.encryption as unknown as PartEncryption,
    lockMode: row.lockMode as LockMode,
  };
}
