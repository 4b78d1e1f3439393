import { storableText } from '../file/mark-failed.ts';
import { Prisma, type PrismaClient } from '../generated/client.ts';
import { day } from '../instant.ts';
import type { Registry } from '../registry.ts';
import { safeInteger } from '../safe-integer.ts';
import { selectionSql, type UnitSelection } from './selection.ts';
import type { PartRecord, UnitRecord } from './unit-record.ts';
import { toPart } from './unit-rows.ts';

/** How closely a part was looked at: by its HEAD, or every byte and row of it. */
export type PartLevel = 'head' | 'full';

/** A stored part, and what it is a part of. */
export interface StoredPartRecord {
  readonly part: PartRecord;
  /** Whether its version is one that a repair took, for its bytes: whoever put it there wrote what metadata they liked. */
  readonly isTaken: boolean;
  readonly unit: Pick<UnitRecord, 'id' | 'source' | 'schema' | 'table' | 'month' | 'mode' | 'state'>;
}

/** A part that is to be in the bucket: stored, and not expired. */
const isStored = Prisma.sql`p.state in ('STORED', 'VERIFIED')`;

/**
 * Ids of all parts that should be in the bucket, those first whose every byte was read longest ago: by a validation, or
 * else when they were proved.
 */
export async function listPartsToValidate(
  registry: Registry,
  selection: UnitSelection,
): Promise<readonly { readonly id: number; readonly readAt: Date }[]> {
  const rows = await registry.$queryRaw<{ id: bigint; readAt: Date }[]>`
    select p.id, greatest(case when p.validated_level = 'full' then p.validated_at end, p.verified_at, p.stored_at) as "readAt"
      from registry.archive_part p
      join registry.archive_unit u on u.id = p.unit_id
      join registry.archive_table t on t.id = u.table_id
     where ${isStored} and ${selectionSql(selection)}
     order by 2 nulls first, 1`;
  return rows.map(({ id, readAt }) => ({ id: safeInteger(id), readAt }));
}

/** In the order of the ids; what left the state meanwhile is not in the answer. */
export async function findStoredParts(
  registry: Registry,
  ids: readonly number[],
): Promise<readonly StoredPartRecord[]> {
  const rows = await registry.archivePart.findMany({
    where: { id: { in: ids.map(BigInt) }, state: { in: ['STORED', 'VERIFIED'] } },
    include: { unit: { include: { table: true } }, replacements: true },
  });
  const places = new Map(ids.map((id, i) => [id, i]));
  return rows
    .map(({ unit, replacements, ...part }) => ({
      part: toPart(part),
      isTaken: replacements.some(({ newVersionId }) => newVersionId !== null && newVersionId === part.versionId),
      unit: {
        id: safeInteger(unit.id),
        source: unit.table.source,
        schema: unit.table.schemaName,
        table: unit.table.tableName,
        month: day(unit.period).slice(0, 7),
        mode: unit.mode,
        state: unit.state,
      },
    }))
    .sort((a, b) => (places.get(a.part.id) ?? 0) - (places.get(b.part.id) ?? 0));
}

/** Parts found in order. A look at the surface does not take the place of an earlier reading. */
export async function markPartsValidated(
  registry: Registry,
  ids: readonly number[],
  { level, at }: { readonly level: PartLevel; readonly at: Date },
): Promise<void> {
  if (ids.length === 0) return;
  await registry.$executeRaw`
    update registry.archive_part set validated_at = ${at}, validated_level = ${level}
     where id = any(${[...ids]}::bigint[]) and (${level} = 'full' or validated_level is distinct from 'full')`;
}

/**
 * VERIFIED → STORED: what is in the bucket is not what was proved. Its unit fails, and has to prove all of it again before
 * anything more is purged on its word.
 * @returns false when the part is not VERIFIED any more
 */
export async function doubtPart(registry: PrismaClient, partId: number, text: string): Promise<boolean> {
  return registry.$transaction(async (transaction) => {
    const changed = await transaction.$executeRaw`
      update registry.archive_part set state = 'STORED', validated_at = null, validated_level = null
       where id = ${partId} and state = 'VERIFIED'`;
    if (changed === 0) return false;
    await transaction.$executeRaw`
      update registry.archive_unit
         set state = 'FAILED', failed_at = now(), attempts = attempts + 1, verified_at = null,
             error_code = 'PROOF_FAILED', error_text = ${storableText(text)}
       where id = (select unit_id from registry.archive_part where id = ${partId})`;
    return true;
  });
}
