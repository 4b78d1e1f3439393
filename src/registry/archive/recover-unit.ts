import { AppError } from '../../errors.ts';
import type { Prisma, PrismaClient } from '../generated/client.ts';
import { firstDay } from './begin-unit.ts';
import { partData, type RecoveredPart, type RecoveredReplacement, recordReplaced } from './recover-replaced.ts';
import { ensureTable, type TableName } from './table.ts';
import type { ArchiveMode, DepartedRow, UnitState } from './unit-record.ts';

/** A unit as the newest manifest of its month has it. */
export interface RecoveredUnit extends TableName {
  /** `2026-01`. */
  readonly month: string;
  readonly mode: ArchiveMode;
  readonly policyName: string;
  readonly policy: Prisma.InputJsonObject;
  readonly timeColumn: string | null;
  readonly keyColumns: readonly string[];
  readonly round: number;
  readonly digest: string;
  readonly retainUntil: Date;
  /** When its manifest was made: no later than that it was proved. */
  readonly provedAt: Date;
  readonly parts: readonly RecoveredPart[];
  /** Versions that were found to be faulty, in the order in which they were. */
  readonly replaced: readonly RecoveredReplacement[];
  readonly departed: readonly DepartedRow[];
}

type Transaction = Prisma.TransactionClient;

/** A month of some thousand parts takes seconds. */
const transactionLimits = { timeout: 120_000, maxWait: 30_000 } as const;

/**
 * Takes over what a manifest says of a unit: where the registry has none, the whole of it; where it has an older one, what
 * came since. What the registry knows besides stays; only parts that never came to be make room.
 * @returns how many parts the registry did not have as proved
 * @throws AppError CHAIN_BROKEN when both know a part of the same number that is not the same
 */
export async function recoverUnit(registry: PrismaClient, unit: RecoveredUnit): Promise<number> {
  return registry.$transaction(async (transaction) => {
    await transaction.$executeRaw`
      select pg_advisory_xact_lock(hashtextextended(${`billvault:recover:${unit.source}`}, 0))`;
    const tableId = await ensureTable(transaction, unit);
    const period = firstDay(unit.month);
    const known = await transaction.archiveUnit.findUnique({
      where: { tableId_period_mode: { tableId, period, mode: unit.mode } },
      include: { parts: true, departed: true },
    });
    if (known === null) {
      const created = await transaction.archiveUnit.create({ data: { ...newUnit(unit), tableId, period } });
      await createParts(transaction, created.id, unit);
      await recordReplaced(transaction, created.id, unit);
      await createDeparted(transaction, created.id, unit.departed);
      return unit.parts.length;
    }
    const proved = new Set(known.parts.filter(({ verifiedAt }) => verifiedAt !== null).map(identity));
    const news = unit.parts.filter((part) => !proved.has(identity(part)));
    if (news.length > 0) await takeOver(transaction, known, unit, news);
    await takeOverLocks(transaction, known.id, unit);
    await recordReplaced(transaction, known.id, unit);
    if (news.length > 0) await setVerified(transaction, known, unit);
    await createDeparted(transaction, known.id, withoutKnown(unit.departed, known.departed));
    return news.length;
  }, transactionLimits);
}

function newUnit(unit: RecoveredUnit) {
  const { mode, policyName, policy, timeColumn, keyColumns, round, digest, retainUntil, provedAt, parts } = unit;
  return {
    mode,
    state: 'VERIFIED',
    policyName,
    policy,
    definitionSha256: parts[0]?.definitionSha256 ?? '',
    timeColumn,
    keyColumns: [...keyColumns],
    round,
    ...sums(parts),
    digest,
    retainUntil,
    exportedAt: provedAt,
    verifiedAt: provedAt,
    recoveredRound: round,
  } satisfies Omit<Prisma.ArchiveUnitUncheckedCreateInput, 'tableId' | 'period'>;
}

type KnownUnit = Prisma.ArchiveUnitGetPayload<{ include: { parts: true; departed: true } }>;

/** The registry's unit is older than the bucket's: it was set back. */
async function takeOver(
  transaction: Transaction,
  known: KnownUnit,
  unit: RecoveredUnit,
  news: readonly RecoveredPart[],
): Promise<void> {
  // An intent of before, whose part the manifest has, or that was given up: its record makes room.
  await transaction.archivePart.deleteMany({ where: { unitId: known.id, state: 'INTENDED' } });
  const left = known.parts.filter(({ state }) => state !== 'INTENDED');
  const toCreate: RecoveredPart[] = [];
  for (const part of news) {
    const same = left.find((one) => identity(one) === identity(part));
    const other = left.find(({ ordinal, key }) => ordinal === part.ordinal || key === part.key);
    if (same === undefined && other !== undefined) throw contradicting(unit, part, other.key);
    if (same === undefined) toCreate.push(part);
    else await proveKnown(transaction, same.id, part, unit.provedAt);
  }
  await createParts(transaction, known.id, { ...unit, parts: toCreate });
  // A first export that was under way has ranges up to where it was; they are found again from the parts.
  if (known.round === 1 && known.exportedAt === null) {
    await transaction.archiveRange.deleteMany({ where: { unitId: known.id } });
  }
}

/** STORED or SPOOLED → VERIFIED, by the steps that there are. */
async function proveKnown(transaction: Transaction, id: bigint, part: RecoveredPart, provedAt: Date): Promise<void> {
  const { versionId, legalHold } = part;
  await transaction.$executeRaw`
    update registry.archive_part set state = 'STORED', version_id = ${versionId}, stored_at = ${provedAt}
     where id = ${id} and state = 'SPOOLED'`;
  await transaction.$executeRaw`
    update registry.archive_part
       set state = 'VERIFIED', version_id = ${versionId}, verified_at = ${provedAt}, legal_hold = ${legalHold},
           encryption = ${JSON.stringify(part.encryption)}::jsonb
     where id = ${id} and state = 'STORED'`;
  if (part.isExpired) {
    await transaction.$executeRaw`
      update registry.archive_part set state = 'EXPIRED', expired_at = now() where id = ${id} and state = 'VERIFIED'`;
  }
}

/** What was locked longer or stronger since: never less than the registry knows. */
async function takeOverLocks(
  transaction: Transaction,
  unitId: bigint,
  { parts, policy, retainUntil }: RecoveredUnit,
): Promise<void> {
  for (const { ordinal, versionId, lockMode, retainUntil: until } of parts) {
    await transaction.$executeRaw`
      update registry.archive_part
         set retain_until = greatest(retain_until, ${until}::timestamptz),
             lock_mode = case when lock_mode = 'COMPLIANCE' then lock_mode else ${lockMode} end
       where unit_id = ${unitId} and ordinal = ${ordinal} and version_id = ${versionId}
         and (retain_until < ${until} or lock_mode <> ${lockMode}) and state in ('STORED', 'VERIFIED')`;
  }
  await transaction.$executeRaw`
    update registry.archive_unit u
       set retain_until = ${retainUntil}, policy = u.policy || jsonb_build_object(
             'retentionYears', ${policy['retentionYears']}::int, 'classification', ${policy['classification']}::text)
     where u.id = ${unitId} and u.retain_until < ${retainUntil}`;
}

/** From any state, by the changes that there are. */
const waysToVerified: Readonly<Record<UnitState, readonly UnitState[]>> = {
  PLANNED: ['EXPORTED', 'VERIFIED'],
  EXPORTED: ['VERIFIED'],
  VERIFIED: [],
  PURGED: ['PLANNED', 'EXPORTED', 'VERIFIED'],
  FAILED: ['VERIFIED'],
};

async function setVerified(transaction: Transaction, known: KnownUnit, unit: RecoveredUnit): Promise<void> {
  const { id } = known;
  const round = Math.max(known.round, unit.round);
  const parts = await transaction.archivePart.findMany({
    where: { unitId: id, state: { not: 'REPLACED' } },
    select: { rows: true, textBytes: true },
  });
  await transaction.archiveUnit.update({
    where: { id },
    data: {
      round,
      recoveredRound: round,
      rows: parts.reduce((sum, { rows }) => sum + rows, 0n),
      textBytes: parts.reduce((sum, { textBytes }) => sum + textBytes, 0n),
      digest: unit.digest,
      exportedAt: unit.provedAt,
      verifiedAt: unit.provedAt,
      attempts: 0,
      errorCode: null,
      errorText: null,
    },
  });
  for (const state of waysToVerified[known.state]) {
    await transaction.archiveUnit.update({ where: { id }, data: { state } });
  }
}

async function createParts(
  transaction: Transaction,
  unitId: bigint,
  { parts, provedAt }: Pick<RecoveredUnit, 'parts' | 'provedAt'>,
): Promise<void> {
  await transaction.archivePart.createMany({
    data: parts.map((part) => ({
      ...partData(part, unitId),
      state: part.isExpired ? ('EXPIRED' as const) : ('VERIFIED' as const),
      storedAt: provedAt,
      verifiedAt: provedAt,
      ...(part.isExpired ? { expiredAt: provedAt } : {}),
    })),
  });
}

async function createDeparted(transaction: Transaction, unitId: bigint, rows: readonly DepartedRow[]): Promise<void> {
  await transaction.archiveDeparted.createMany({ data: rows.map((row) => ({ ...row, unitId })) });
}

/** What of the rows is not on record, or not as often. */
function withoutKnown(rows: readonly DepartedRow[], known: readonly DepartedRow[]): readonly DepartedRow[] {
  const counts = new Map<string, number>();
  for (const row of known) counts.set(departedKey(row), (counts.get(departedKey(row)) ?? 0) + row.count);
  return rows.flatMap((row) => {
    const before = counts.get(departedKey(row)) ?? 0;
    counts.set(departedKey(row), Math.max(0, before - row.count));
    return row.count > before ? { ...row, count: row.count - before } : [];
  });
}

function departedKey({ round, rangeOrdinal, rowSha256 }: DepartedRow): string {
  return `${round} ${rangeOrdinal} ${rowSha256}`;
}

function sums(parts: readonly RecoveredPart[]): { readonly rows: number; readonly textBytes: number } {
  return {
    rows: parts.reduce((sum, { rows }) => sum + rows, 0),
    textBytes: parts.reduce((sum, { textBytes }) => sum + textBytes, 0),
  };
}

function identity({ ordinal, key, sha256 }: { ordinal: number; key: string; sha256: string }): string {
  return `${ordinal} ${sha256} ${key}`;
}

function contradicting({ source, schema, table, month }: RecoveredUnit, part: RecoveredPart, key: string): AppError {
  return new AppError(
    'CHAIN_BROKEN',
    `${source} ${schema}.${table} ${month}: the bucket's manifest has ${part.key} as part ${part.ordinal}, the registry has ${key}: another registry wrote there as well`,
  );
}
