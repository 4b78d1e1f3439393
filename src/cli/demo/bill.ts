import { quoteIdentifier } from '../../db/identifier.ts';
import { quoteRawTable, rawTableOf } from '../../raw/table-names.ts';
import { count } from '../output/format.ts';
import { acme, type DemoClient, type DemoExport, deliveryOf, globex } from './exports.ts';
import type { Story } from './story.ts';

export interface BillOf {
  readonly client: DemoClient;
  readonly export: DemoExport;
  readonly month: string;
}

export interface Bill {
  readonly delivery: number;
  readonly rows: number;
  /** Exact sum, as PostgreSQL adds it up. */
  readonly cost: string;
}

/** What an analyst would ask the raw table for: the bill of one month. */
export async function readBill(
  { resources: { ingest } }: Pick<Story, 'resources'>,
  { client, export: made, month }: BillOf,
): Promise<Bill> {
  const home = await ingest.registry.export.findFirstOrThrow({
    where: { sourceName: made.name, client: { name: client.name } },
    include: { deliveries: { where: { state: 'PUBLISHED', periodStart: new Date(`${month}-01T00:00:00Z`) } } },
  });
  const delivery = Number(home.deliveries[0]?.id ?? 0);
  const table = quoteRawTable(rawTableOf({ exportId: home.id, client: client.name, tableName: home.tableName }));
  const { rows } = await ingest.raw.pool.query<{ rows: string; cost: string }>(
    `select count(*) as rows, coalesce(trim_scale(sum(${quoteIdentifier(made.cost)}::text::numeric)), 0)::text as cost
       from ${table} where _delivery_id = $1`,
    [delivery],
  );
  return { delivery, rows: Number(rows[0]?.rows ?? 0), cost: rows[0]?.cost ?? '0' };
}

export interface Comparison {
  readonly months: readonly string[];
  /** Not in yet, on purpose. */
  readonly except: { readonly export: DemoExport | undefined; readonly month: string };
}

/** Holds every published month against what its maker knows to be in the files. */
export async function compareWithSource(
  story: Pick<Story, 'resources' | 'tell'>,
  { months, except }: Comparison,
): Promise<void> {
  for (const client of [acme, globex]) {
    for (const made of client.exports) {
      for (const month of months) {
        if (made === except.export && month === except.month) continue;
        const expected = deliveryOf({ client, export: made, month }).expected();
        const bill = await readBill(story, { client, export: made, month });
        const isEqual = bill.rows === expected.rows && bill.cost === expected.cost;
        const verdict = isEqual
          ? 'equal to the files'
          : `NOT EQUAL: the files have ${expected.rows} rows, ${expected.cost}`;
        story.tell.line(`${client.name}/${made.name} ${month}: ${count(bill.rows)} rows, ${bill.cost} USD, ${verdict}`);
        if (!isEqual) throw new Error(`the demo's ${made.name} ${month} did not come in as it is`);
      }
    }
  }
}
