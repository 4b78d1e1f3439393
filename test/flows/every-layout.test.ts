import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { verifyFile } from '../../src/ingest/verify/verify-file.ts';
import { makeDelivery } from '../../src/sandbox/exports/delivery.ts';
import type { MadeFormat, MadeKind } from '../../src/sandbox/exports/file.ts';
import type { MadeLayout } from '../../src/sandbox/exports/layout.ts';
import { openScene, type Scene } from '../support/scene.ts';

interface Case {
  readonly layout: MadeLayout;
  readonly kind: MadeKind;
  readonly format: MadeFormat;
  readonly cost: string;
  readonly prefix?: string;
}

const cases: readonly Case[] = [
  { layout: 'legacy-create-new', kind: 'cur-legacy', format: 'csv.gz', cost: 'lineItem/UnblendedCost' },
  { layout: 'legacy-create-new', kind: 'cur-legacy', format: 'csv.zip', cost: 'lineItem/UnblendedCost', prefix: '' },
  { layout: 'legacy-overwrite', kind: 'cur-legacy', format: 'csv.gz', cost: 'lineItem/UnblendedCost', prefix: '/cur' },
  { layout: 'legacy-year-month', kind: 'cur-legacy', format: 'csv.zip', cost: 'lineItem/UnblendedCost' },
  { layout: 'legacy-parquet', kind: 'cur-legacy', format: 'parquet', cost: 'line_item_unblended_cost' },
  { layout: 'data-export-overwrite', kind: 'cur2', format: 'parquet', cost: 'line_item_unblended_cost' },
  {
    layout: 'data-export-create-new',
    kind: 'cur2',
    format: 'csv.gz',
    cost: 'line_item_unblended_cost',
    prefix: '/exports',
  },
  { layout: 'data-export-overwrite', kind: 'focus-1.0', format: 'csv.gz', cost: 'BilledCost' },
  { layout: 'data-export-create-new', kind: 'focus-1.2', format: 'parquet', cost: 'BilledCost' },
  { layout: 'data-export-overwrite', kind: 'focus-1.2', format: 'csv.gz', cost: 'BilledCost' },
];

describe('every layout of AWS comes in whole, every cell as its file has it', () => {
  let scene: Scene;
  before(async () => {
    scene = await openScene();
  });
  after(() => scene[Symbol.asyncDispose]());

  for (const [index, { layout, kind, format, cost, prefix = 'exports/aws' }] of cases.entries()) {
    test(`${layout}, ${kind}, ${format}, prefix ${JSON.stringify(prefix)}`, async () => {
      const client = `client_${index}`;
      const { bucket } = await scene.addClient(client);
      const base = { layout, kind, format, bucket, prefix, name: 'hourly', files: 2, rows: 300, seed: `s${index}` };
      const months = ['2024-02', '2024-12'].map((month) => makeDelivery({ ...base, month }));
      for (const delivery of months) await scene.deliver(bucket, delivery);

      const found = await scene.discover(client);
      assert.deepEqual(
        found.exports.map((entry) => entry.kind),
        [kind.replace('-', '_').replace('.', '_')],
      );
      await scene.drain();

      const failed = await scene.query('select key, error_code, error_text from registry.file where status <> $1', [
        'INGESTED',
      ]);
      assert.deepEqual(failed, []);
      const table = `raw_${client}.${found.exports[0]?.tableName}`;
      const [total] = await scene.query<{ rows: string; cost: string }>(
        `select count(*) as rows, sum("${cost}"::text::numeric)::text as cost from ${table}`,
      );
      const expected = months.map((delivery) => delivery.expected());
      assert.equal(
        Number(total?.rows),
        expected.reduce((sum, { rows }) => sum + rows, 0),
      );
      const [sum] = await scene.query<{ equal: boolean }>('select $1::numeric = $2::numeric + $3::numeric as equal', [
        total?.cost,
        expected[0]?.cost,
        expected[1]?.cost,
      ]);
      assert.equal(sum?.equal, true, `${total?.cost} is not ${expected.map((entry) => entry.cost).join(' + ')}`);

      const files = await scene.query<{ id: string }>(
        `select f.id from registry.file f join registry.delivery d on d.id = f.delivery_id where d.export_id = $1`,
        [found.exports[0]?.id],
      );
      assert.equal(files.length, 4);
      for (const { id } of files) {
        const verified = await verifyFile(scene.context, { fileId: Number(id) });
        assert.deepEqual(verified.differences, []);
        assert.ok(verified.cells > 1000);
      }
    });
  }
});
