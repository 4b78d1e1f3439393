import type { Registry } from './registry.ts';

/** The registry database's clock: the one clock that all processes share. */
export async function readDatabaseTime(registry: Registry): Promise<Date> {
  const rows = await registry.$queryRaw<{ now: Date }[]>`select clock_timestamp() as now`;
  return rows[0]?.now ?? new Date();
}
