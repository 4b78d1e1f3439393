import assert from 'node:assert/strict';
import { quoteIdentifier } from '../../src/db/identifier.ts';
import { verifyFile } from '../../src/ingest/verify/verify-file.ts';
import type { MadeDelivery } from '../../src/sandbox/exports/delivery.ts';
import type { Scene } from './scene.ts';

export interface DeliveryRow {
  readonly id: string;
  readonly client: string;
  readonly state: string;
  readonly execution: string | null;
  readonly schema: string;
  readonly table: string;
  readonly period: string;
}

/** A client's deliveries, oldest first. */
export function deliveriesOf(scene: Scene, client: string): Promise<readonly DeliveryRow[]> {
  return scene.query<DeliveryRow>(
    `select d.id, c.name as client, d.state::text as state, d.execution_id as execution, d.period_start::text as period,
            'raw_' || c.name as schema, e.table_name as table
       from registry.delivery d
       join registry.export e on e.id = d.export_id join registry.client c on c.id = e.client_id
      where c.name = $1 order by d.id`,
    [client],
  );
}

/** What a reader of a raw table sees of one period: `rows/sum of cost` of every delivery that is in it. */
export async function seen(scene: Scene, client: string, costColumn: string): Promise<readonly string[]> {
  const tables = await scene.query<{ schema: string; table: string }>(
    `select schema_name as schema, table_name as table from billvault.raw_table where schema_name = $1`,
    [`raw_${client}`],
  );
  const totals: string[] = [];
  for (const { schema, table } of tables) {
    const name = `${quoteIdentifier(schema)}.${quoteIdentifier(table)}`;
    const hasCost = await scene.query(
      'select 1 from pg_attribute where attrelid = $1::regclass and attname = $2 and not attisdropped',
      [name, costColumn],
    );
    const cost = hasCost.length === 0 ? 'null' : `sum(${quoteIdentifier(costColumn)}::text::numeric)`;
    const rows = await scene.query<{ total: string }>(
      `select count(*) || '/' || trim_scale(${cost}) as total from ${name} group by _delivery_id order by 1`,
    );
    totals.push(...rows.map(({ total }) => total));
  }
  return totals;
}

/** The same figures of a made delivery. */
export async function totalOf(scene: Scene, made: MadeDelivery): Promise<string> {
  const { rows, cost } = made.expected();
  const [row] = await scene.query<{ total: string }>(`select $1::text || '/' || trim_scale($2::numeric) as total`, [
    rows,
    cost,
  ]);
  return String(row?.total);
}

/** Nothing is half there: every delivery's table holds exactly the rows of the files that are recorded as loaded. */
export async function assertNothingHalfLoaded(scene: Scene, client: string): Promise<void> {
  const tables = await scene.query<{ id: string; name: string }>(
    `select delivery_id as id, format('%I.%I', schema_name, table_name) as name
       from billvault.delivery_table where schema_name = $1 and state <> 'DROPPED'`,
    [`raw_${client}`],
  );
  for (const { id, name } of tables) {
    // One statement, so one snapshot.
    const wrong = await scene.query(
      `select coalesce(l.file_id, t._file_id) as file, l.rows as recorded, t.rows as held
         from (select file_id, rows from billvault.loaded_file where delivery_id = $1 and rows > 0) l
         full join (select _file_id, count(*) as rows, count(distinct _row) as places, min(_row), max(_row)
                      from ${name} group by _file_id) t on t._file_id = l.file_id
        where l.rows is distinct from t.rows or t.places <> t.rows or t.min <> 1 or t.max <> t.rows`,
      [id],
    );
    assert.deepEqual(wrong, [], `${name} holds other rows than are recorded`);
  }
}

/** The client's raw table is this delivery, no more and no less, cell by cell; registry and raw database agree. */
export async function assertWhole(
  scene: Scene,
  client: string,
  { made, costColumn }: { readonly made: MadeDelivery; readonly costColumn: string },
): Promise<void> {
  assert.deepEqual(await seen(scene, client, costColumn), [await totalOf(scene, made)]);
  await assertNothingHalfLoaded(scene, client);
  const published = (await deliveriesOf(scene, client)).filter(({ state }) => state === 'PUBLISHED');
  assert.deepEqual(
    published.map(({ execution }) => execution),
    [made.executionId],
  );
  const inRaw = await scene.query<{ id: string }>(
    `select delivery_id as id from billvault.delivery_table where schema_name = $1 and state = 'PUBLISHED'`,
    [`raw_${client}`],
  );
  assert.deepEqual(
    inRaw.map(({ id }) => id),
    published.map(({ id }) => id),
  );
  const files = await scene.query<{ id: string; key: string; status: string; rows: string; lease: string | null }>(
    'select id, key, status::text as status, rows, lease_owner as lease from registry.file where delivery_id = $1 order by ordinal',
    [published[0]?.id],
  );
  assert.deepEqual(
    files.map(({ key, status, rows, lease }) => ({ key, status, rows: Number(rows), lease })),
    made.expected().files.map(({ key, rows }) => ({ key, status: 'INGESTED', rows, lease: null })),
  );
  for (const { id, key } of files) {
    const verified = await verifyFile(scene.context, { fileId: Number(id) });
    assert.deepEqual(verified.differences, [], key);
  }
}
