import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { test } from 'node:test';
import { kindOf } from '../../../src/ingest/discover/kind.ts';
import { parseManifest } from '../../../src/ingest/discover/manifest.ts';
import { bucket, discover, listed } from './listing.ts';

const samples = process.env['BILLVAULT_TEST_SAMPLES'] ?? resolve(import.meta.dirname, '../../../../shared/samples');
const skip = existsSync(samples) ? false : `no sample data at ${samples} (BILLVAULT_TEST_SAMPLES)`;

test('real legacy manifests of 2017, 2018 and 2019 are understood', { skip }, () => {
  const months: Readonly<Record<string, string>> = {
    'manifestTest.json': '20170801-20170901',
    'manifest-2018-01.json': '20180101-20180201',
    'manifest-2019-01.json': '20190101-20190201',
  };
  for (const [file, folder] of Object.entries(months)) {
    const key = `hourly/hourly-cost-and-usage/${folder}/hourly-cost-and-usage-Manifest.json`;
    const manifest = parseManifest(readFileSync(join(samples, 'manifests', file)), { bucket, key });
    assert.equal(manifest.sourceName, 'hourly-cost-and-usage');
    assert.equal(manifest.payerAccount, '123456789012');
    assert.ok(manifest.columns.length > 100 && manifest.columns.includes('lineItem/UnblendedCost'));
    assert.equal(kindOf(manifest).kind, 'cur-legacy');
  }
});

test('a real bucket tree of four deliveries becomes four deliveries, each manifest read once', { skip }, () => {
  const folder = join(samples, 'legacy-delivery');
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((file) =>
    statSync(join(folder, file)).isFile(),
  );
  const listing = files.map((file) => listed(`p/${file}`));
  const contents = Object.fromEntries(
    files
      .filter((file) => file.endsWith('.json'))
      .map((file) => [`p/${file}`, readFileSync(join(folder, file), 'utf8')]),
  );
  const plan = discover({ listing, contents });
  assert.equal(plan.fetched.length, 4);
  assert.deepEqual(
    plan.exports.map(({ root, kind, sourceName, layoutKind }) => [root, kind, sourceName, layoutKind]),
    [['p/tagged/', 'cur-legacy', 'tagged', 'legacy-create-new']],
  );
  assert.deepEqual(plan.deliveries.map(({ period }) => period.start).toSorted(), [
    '2019-04-01',
    '2019-05-01',
    '2019-06-01',
    '2019-07-01',
  ]);
  assert.ok(plan.deliveries.every(({ files }) => files.length === 1 && files[0]?.listed !== undefined));
});
