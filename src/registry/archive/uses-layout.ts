import { Prisma } from '../generated/client.ts';
import type { Registry } from '../registry.ts';

/** Whether a policy of the source, or of any, applied or removed, or a unit that was begun under one, lays its objects out so. */
export async function usesLayout(
  registry: Registry,
  { source, layout }: { readonly source?: string; readonly layout: 'hive' | 'flat' },
): Promise<boolean> {
  const ofSource = (column: Prisma.Sql) =>
    source === undefined ? Prisma.sql`true` : Prisma.sql`${column} = ${source}`;
  const rows = await registry.$queryRaw<{ uses: boolean }[]>`
    select exists (select from registry.archive_policy where ${ofSource(Prisma.sql`source`)} and settings ->> 'layout' = ${layout})
        or exists (select from registry.archive_unit u
                     join registry.archive_table t on t.id = u.table_id
                    where ${ofSource(Prisma.sql`t.source`)} and u.policy ->> 'layout' = ${layout}) as uses`;
  return rows[0]?.uses ?? false;
}

/** Another source of which objects are laid out so. */
export async function otherSourceOfLayout(
  registry: Registry,
  { source, layout }: { readonly source: string; readonly layout: 'hive' | 'flat' },
): Promise<string | undefined> {
  const rows = await registry.$queryRaw<{ source: string }[]>`
    select t.source from registry.archive_unit u
      join registry.archive_table t on t.id = u.table_id
     where t.source <> ${source} and u.policy ->> 'layout' = ${layout}
       and exists (select from registry.archive_part p where p.unit_id = u.id)
     order by t.source limit 1`;
  return rows[0]?.source;
}
