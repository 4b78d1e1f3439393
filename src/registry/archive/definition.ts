import type { Prisma } from '../generated/client.ts';
import type { Registry } from '../registry.ts';

/** Keeps a table's definition under its digest; one that is known already is the same. */
export async function recordDefinition(
  registry: Registry,
  { sha256, definition }: { readonly sha256: string; readonly definition: Prisma.InputJsonObject },
): Promise<void> {
  await registry.$executeRaw`
    insert into registry.archive_definition (sha256, definition) values (${sha256}, ${JSON.stringify(definition)}::jsonb)
    on conflict (sha256) do nothing`;
}

/** By digest; one that is not on record is not in the answer. */
export async function findDefinitions(
  registry: Registry,
  sha256s: readonly string[],
): Promise<ReadonlyMap<string, Prisma.JsonValue>> {
  const rows = await registry.archiveDefinition.findMany({ where: { sha256: { in: [...new Set(sha256s)] } } });
  return new Map(rows.map(({ sha256, definition }) => [sha256, definition]));
}
