import type { ArchiveScene } from './archive-scene.ts';

/** As a disaster does: everything that the registry knows of the archive, but the policies, which billvault.yaml has. */
export async function loseRegistry({ registryQuery }: ArchiveScene): Promise<void> {
  const tables = (await archiveTables(registryQuery)).filter((name) => name !== 'archive_policy');
  await registryQuery(`begin; set local session_replication_role = replica;
    ${tables.map((name) => `delete from registry.${name}`).join(';')}; commit`);
}

/** @returns what sets the registry back to this moment, as bringing back a backup does */
export async function backUpRegistry({ registryQuery }: ArchiveScene): Promise<() => Promise<void>> {
  const tables = await archiveTables(registryQuery);
  const each = (statement: (name: string) => string) => tables.map(statement).join(';');
  await registryQuery(
    `create schema backup; ${each((name) => `create table backup.${name} as table registry.${name}`)}`,
  );
  return async () => {
    await registryQuery(`begin; set local session_replication_role = replica;
      ${each((name) => `delete from registry.${name}`)};
      ${each((name) => `insert into registry.${name} overriding system value table backup.${name}`)}; commit`);
  };
}

async function archiveTables(registryQuery: ArchiveScene['registryQuery']): Promise<readonly string[]> {
  const rows = await registryQuery<{ name: string }>(
    `select quote_ident(table_name) as name from information_schema.tables
      where table_schema = 'registry' and table_type = 'BASE TABLE' and table_name like 'archive%'`,
  );
  return rows.map(({ name }) => name);
}
