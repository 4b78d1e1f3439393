import { Prisma } from '../generated/client.ts';
import type { Registry } from '../registry.ts';
import { safeInteger } from '../safe-integer.ts';

export type HeldKind = 'part' | 'manifest';

/** A stored object whose legal hold is not as the holds in force want it. */
export interface HoldChange {
  readonly kind: HeldKind;
  readonly id: number;
  readonly source: string;
  readonly bucket: string;
  readonly key: string;
  readonly versionId: string;
  /** What is wanted: to be put on, or to be taken off. */
  readonly isOn: boolean;
}

const inForce = (now: Date) => Prisma.sql`
  h.released_at is null and (h.until is null or h.until > ${now})
  and (h.from_period is null or h.from_period <= o.period) and (h.to_period is null or o.period <= h.to_period)`;

/** Whether a hold in force covers `o`: of a part its table and month, of a manifest anything of its month. */
const isHeld = {
  part: (now: Date) => Prisma.sql`exists (
    select from registry.archive_hold h
     where h.source = o.source and (h.table_name is null or h.table_name = o.table_name) and ${inForce(now)})`,
  manifest: (now: Date) => Prisma.sql`exists (
    select from registry.archive_hold h where h.source = o.source and ${inForce(now)})`,
} as const;

const objects = {
  part: Prisma.sql`(
    select p.id, t.source, t.schema_name || '.' || t.table_name as table_name, u.period,
           p.bucket, p.key, p.version_id, p.legal_hold
      from registry.archive_part p
      join registry.archive_unit u on u.id = p.unit_id
      join registry.archive_table t on t.id = u.table_id
     where p.state in ('STORED', 'VERIFIED')
        or (p.state = 'REPLACED' and p.version_id is not null and p.expired_at is null))`,
  manifest: Prisma.sql`(
    select id, source, null::text as table_name, period, bucket, key, version_id, legal_hold
      from registry.archive_manifest where state = 'STORED')`,
} as const;

/** By id; a page, after the id `cursor`. */
export async function listHoldChanges(
  registry: Registry,
  kind: HeldKind,
  {
    now,
    source,
    limit,
    cursor,
  }: { readonly now: Date; readonly source?: string | undefined; readonly limit: number; readonly cursor: number },
): Promise<readonly HoldChange[]> {
  const rows = await registry.$queryRaw<(Omit<HoldChange, 'id' | 'kind'> & { readonly id: bigint })[]>`
    select o.id, o.source, o.bucket, o.key, o.version_id as "versionId", not o.legal_hold as "isOn"
      from ${objects[kind]} o
     where o.id > ${cursor} and ${source === undefined ? Prisma.sql`true` : Prisma.sql`o.source = ${source}`}
       and o.legal_hold <> ${isHeld[kind](now)}
     order by o.id
     limit ${limit}`;
  return rows.map((row) => ({ ...row, kind, id: safeInteger(row.id) }));
}

/**
 * Records what was put on an object or taken off it, if that is still what is wanted.
 * @returns false when a hold was placed, or the last one released, meanwhile
 */
export async function recordObjectHold(
  registry: Registry,
  { kind, id, isOn }: Pick<HoldChange, 'kind' | 'id' | 'isOn'>,
  now: Date,
): Promise<boolean> {
  const table = kind === 'part' ? Prisma.sql`registry.archive_part` : Prisma.sql`registry.archive_manifest`;
  const changed = await registry.$executeRaw`
    update ${table} set legal_hold = ${isOn}
     where id = (select o.id from ${objects[kind]} o where o.id = ${id} and ${isHeld[kind](now)} = ${isOn})`;
  return changed === 1;
}
