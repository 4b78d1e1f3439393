import type { ArchiveMode } from '../generated/enums.ts';
import type { Registry } from '../registry.ts';
import type { TableName } from './table.ts';

/** What is stored of a table in one layout and class, and was not expired. */
export interface StoredTable extends TableName {
  readonly mode: ArchiveMode;
  readonly layout: 'hive' | 'flat';
  /** The longest of the policies that its units were archived under. */
  readonly retentionYears: number;
  readonly storageClass: string;
  /** The longest from an upload to its retain-until, in days, rounded up. */
  readonly storedLockDays: number;
}

/** Every table with parts in the bucket, whether a policy still names it or not. */
export async function listStoredTables(registry: Registry): Promise<readonly StoredTable[]> {
  return registry.$queryRaw<StoredTable[]>`
    select t.source, t.schema_name as "schema", t.table_name as "table", u.mode::text as "mode",
           u.policy ->> 'layout' as "layout", p.storage_class as "storageClass",
           max((u.policy ->> 'retentionYears')::int) as "retentionYears",
           max(ceil(extract(epoch from p.retain_until - coalesce(p.stored_at, p.created_at)) / 86400))::int as "storedLockDays"
      from registry.archive_part p
      join registry.archive_unit u on u.id = p.unit_id
      join registry.archive_table t on t.id = u.table_id
     where p.state <> 'EXPIRED'
     group by 1, 2, 3, 4, 5, 6
     order by 1, 2, 3, 4, 5, 6`;
}

/** What a query over a table's parts has to know, in one layout. */
export interface QueryableTable extends TableName {
  readonly layout: 'hive' | 'flat';
  /** Of its newest part. */
  readonly definitionSha256: string;
  /** Of every part. */
  readonly spills: readonly Readonly<Record<string, string>>[];
  /** `2026-01`. */
  readonly firstMonth: string;
}

/** Tables with verified parts, or the one that is named. */
export async function listQueryableTables(
  registry: Registry,
  wanted: Partial<TableName>,
): Promise<readonly QueryableTable[]> {
  const { source = null, schema = null, table = null } = wanted;
  return registry.$queryRaw<QueryableTable[]>`
    select t.source, t.schema_name as "schema", t.table_name as "table", u.policy ->> 'layout' as "layout",
           (array_agg(p.definition_sha256 order by u.period desc, p.ordinal desc))[1] as "definitionSha256",
           jsonb_agg(distinct p.spills) as "spills", to_char(min(u.period), 'YYYY-MM') as "firstMonth"
      from registry.archive_part p
      join registry.archive_unit u on u.id = p.unit_id
      join registry.archive_table t on t.id = u.table_id
     where p.state = 'VERIFIED'
       and (${source}::text is null or t.source = ${source})
       and (${schema}::text is null or t.schema_name = ${schema})
       and (${table}::text is null or t.table_name = ${table})
     group by 1, 2, 3, 4
     order by 1, 2, 3, 4`;
}
