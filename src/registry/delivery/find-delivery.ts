import { AppError } from '../../errors.ts';
import type { DeliveryState, File } from '../generated/client.ts';
import type { Registry } from '../registry.ts';

export interface FoundDelivery {
  readonly id: number;
  readonly exportId: number;
  readonly client: string;
  readonly tableName: string;
  readonly periodStart: string;
  readonly state: DeliveryState;
  readonly files: readonly File[];
}

/** @throws AppError NOT_FOUND */
export async function findDelivery(registry: Registry, id: number): Promise<FoundDelivery> {
  const found = await registry.delivery.findUnique({
    where: { id },
    include: { export: { include: { client: true } }, files: { orderBy: { ordinal: 'asc' } } },
  });
  if (found === null) throw new AppError('NOT_FOUND', `there is no delivery ${id}`);
  return {
    id,
    exportId: found.exportId,
    client: found.export.client.name,
    tableName: found.export.tableName,
    periodStart: found.periodStart.toISOString().slice(0, 10),
    state: found.state,
    files: found.files,
  };
}
