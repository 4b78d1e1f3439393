import type { ArchiveMode, UnitState } from '../generated/enums.ts';
import type { Registry } from '../registry.ts';
import { safeInteger } from '../safe-integer.ts';

/** A unit in one row: what a plan has to know of it. */
export interface UnitFactsRow {
  readonly id: number;
  readonly source: string;
  readonly schema: string;
  readonly table: string;
  readonly month: string;
  readonly mode: ArchiveMode;
  readonly state: UnitState;
  readonly definitionSha256: string;
  readonly timeColumn: string | null;
  readonly rows: number;
  readonly departed: number;
  readonly purged: number;
  readonly isPurgeUnsettled: boolean;
  readonly retainUntil: Date;
  readonly keepUntil: Date | null;
  readonly undoUntil: Date | null;
  readonly copyAskedAt: Date | null;
  readonly attempts: number;
  readonly failedAt: Date | null;
  readonly error: string | null;
}

type Row = Omit<UnitFactsRow, 'id' | 'rows' | 'departed' | 'purged'> & {
  readonly id: bigint;
  readonly rows: bigint;
  readonly departed: bigint;
  readonly purged: bigint;
};

/** Every unit of one source, in one statement. */
export async function listUnitFacts(registry: Registry, source: string): Promise<readonly UnitFactsRow[]> {
  const rows = await registry.$queryRaw<Row[]>`
    select u.id, t.source, t.schema_name as "schema", t.table_name as "table", to_char(u.period, 'YYYY-MM') as "month",
           u.mode::text as "mode", u.state::text as "state", u.definition_sha256 as "definitionSha256",
           u.time_column as "timeColumn", u.rows,
           coalesce((select sum(d.count) from registry.archive_departed d where d.unit_id = u.id), 0)::bigint as "departed",
           greatest(0,
             coalesce((select sum(d.rows) from registry.archive_deletion d
                        where d.unit_id = u.id and d.state = 'COMMITTED'), 0)
             -- Purged, and put back to be archived anew: the part that held them counts no more.
             - coalesce((select sum(r.rows) from registry.archive_part p
                          cross join lateral jsonb_to_recordset(p.ranges) as r (ordinal int, rows bigint)
                          where p.unit_id = u.id and p.state = 'REPLACED'
                            and exists (select from registry.archive_deletion d
                                         where d.unit_id = u.id and d.state = 'COMMITTED'
                                           and d.range_ordinal = r.ordinal and d.round >= p.round)), 0))::bigint as "purged",
           exists (select from registry.archive_deletion d
                    where d.unit_id = u.id and d.state = 'INTENDED') as "isPurgeUnsettled",
           u.retain_until as "retainUntil", u.keep_until as "keepUntil",
           (select max(n.drop_after) from registry.archive_undo n
             where n.unit_id = u.id and n.dropped_at is null) as "undoUntil",
           (select min(p.copy_asked_at) from registry.archive_part p
             where p.unit_id = u.id and p.state in ('STORED', 'VERIFIED')) as "copyAskedAt",
           u.attempts, u.failed_at as "failedAt",
           case when u.error_code is null then null else u.error_code || ' ' || u.error_text end as "error"
      from registry.archive_unit u
      join registry.archive_table t on t.id = u.table_id
     where t.source = ${source}
     order by u.id`;
  return rows.map((row) => ({
    ...row,
    id: safeInteger(row.id),
    rows: safeInteger(row.rows),
    departed: safeInteger(row.departed),
    purged: safeInteger(row.purged),
  }));
}
