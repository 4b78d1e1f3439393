import type pg from 'pg';

export interface PublishedDelivery {
  readonly deliveryId: number;
  readonly exportId: number;
  /** First day of the billing period, `2024-03-01`. */
  readonly periodStart: string;
}

/** Which of these deliveries the raw database has published: what the registry is brought in line with. */
export async function readPublished(
  pool: pg.Pool,
  deliveryIds: readonly number[],
): Promise<readonly PublishedDelivery[]> {
  const { rows } = await pool.query<{ delivery_id: string; export_id: number; period: string }>(
    `select delivery_id, export_id, period_start::text as period
       from billvault.delivery_table where state = 'PUBLISHED' and delivery_id = any($1)`,
    [deliveryIds],
  );
  return rows.map((row) => ({
    deliveryId: Number(row.delivery_id),
    exportId: row.export_id,
    periodStart: row.period,
  }));
}

/** Deliveries whose table is gone, of these. */
export async function readDropped(pool: pg.Pool, deliveryIds: readonly number[]): Promise<readonly number[]> {
  const { rows } = await pool.query<{ delivery_id: string }>(
    `select delivery_id from billvault.delivery_table where state = 'DROPPED' and delivery_id = any($1)`,
    [deliveryIds],
  );
  return rows.map((row) => Number(row.delivery_id));
}
