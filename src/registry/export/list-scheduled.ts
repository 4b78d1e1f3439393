import type { Registry } from '../registry.ts';

export interface ScheduledExport {
  readonly id: number;
  readonly name: string;
  readonly client: string;
  readonly schedule: string;
}

/** Enabled exports of clients that are still ours. */
export async function listScheduled(registry: Registry): Promise<readonly ScheduledExport[]> {
  const exports = await registry.export.findMany({
    where: { enabled: true, client: { offboardedAt: null } },
    select: { id: true, name: true, schedule: true, client: { select: { name: true } } },
    orderBy: { id: 'asc' },
  });
  return exports.map(({ client, ...rest }) => ({ ...rest, client: client.name }));
}
