import { quoteQualified } from '../db/identifier.ts';

/** The schema of a client's raw tables. */
export function schemaOf(client: string): string {
  return `raw_${client}`;
}

export interface RawTable {
  readonly exportId: number;
  readonly schema: string;
  readonly table: string;
}

export interface DeliveryTable extends RawTable {
  readonly deliveryId: number;
  /** First day of the billing period, `2024-03-01`. */
  readonly periodStart: string;
  /** The delivery's own table, a partition of `table` while it is published. */
  readonly deliveryTable: string;
}

export function rawTableOf(source: {
  readonly exportId: number;
  readonly client: string;
  readonly tableName: string;
}): RawTable {
  return { exportId: source.exportId, schema: schemaOf(source.client), table: source.tableName };
}

/** `cur__2024_03_d42`: the period for people, the number for uniqueness. Table names have at most 40 characters. */
export function deliveryTableOf(
  raw: RawTable,
  delivery: { readonly deliveryId: number; readonly periodStart: string },
): DeliveryTable {
  const month = delivery.periodStart.slice(0, 7).replace('-', '_');
  return { ...raw, ...delivery, deliveryTable: `${raw.table}__${month}_d${delivery.deliveryId}` };
}

export function quoteRawTable(raw: RawTable): string {
  return quoteQualified(raw.schema, raw.table);
}

export function quoteDeliveryTable(delivery: DeliveryTable): string {
  return quoteQualified(delivery.schema, delivery.deliveryTable);
}
