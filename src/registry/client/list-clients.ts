import { instant, instantOrNull } from '../instant.ts';
import type { Page } from '../page.ts';
import type { Registry } from '../registry.ts';

export interface ClientSummary {
  readonly id: number;
  readonly name: string;
  readonly title: string;
  readonly roles: number;
  readonly exports: number;
  readonly createdAt: string;
  /** Null while the client is ours. */
  readonly offboardedAt: string | null;
}

/** Offboarded ones too; in the order in which they came. */
export async function listClients(registry: Registry, { limit, cursor }: Page): Promise<readonly ClientSummary[]> {
  const clients = await registry.client.findMany({
    ...(cursor === undefined ? {} : { where: { id: { gt: cursor } } }),
    include: { _count: { select: { roles: true, exports: true } } },
    orderBy: { id: 'asc' },
    take: limit,
  });
  return clients.map(({ id, name, title, createdAt, offboardedAt, _count }) => ({
    id,
    name,
    title,
    roles: _count.roles,
    exports: _count.exports,
    createdAt: instant(createdAt),
    offboardedAt: instantOrNull(offboardedAt),
  }));
}
