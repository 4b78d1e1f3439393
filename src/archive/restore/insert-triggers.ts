import type pg from 'pg';
import type { TableName } from '../source/table-definition.ts';

/** Triggers of a user's that see every row that is inserted, by name: they may change it, or keep it out. */
export async function listInsertTriggers(
  client: pg.ClientBase,
  { schema, table }: TableName,
): Promise<readonly string[]> {
  // tgtype: bit 0 is "for each row", bit 2 "insert"; tgenabled "D" is disabled.
  const { rows } = await client.query<{ name: string }>(
    `select distinct t.tgname as name from pg_trigger t
      where t.tgrelid in (select relid from pg_partition_tree(format('%I.%I', $1::text, $2::text)::regclass)
                          union select format('%I.%I', $1::text, $2::text)::regclass)
        and not t.tgisinternal and t.tgenabled <> 'D' and t.tgtype & 1 = 1 and t.tgtype & 4 = 4
      order by 1`,
    [schema, table],
  );
  return rows.map(({ name }) => name);
}
