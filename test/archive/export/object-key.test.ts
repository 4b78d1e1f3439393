import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { manifestKey, manifestPrefixOf, partKey } from '../../../src/archive/export/object-key.ts';

const sha256 = 'ab'.repeat(32);
const part = {
  prefix: 'archive',
  source: 'ledger',
  schema: 'public',
  table: 'charges',
  month: '2026-01',
  sha256,
} as const;

test('a part lies where query engines look for partitions, under a name that holds its content', () => {
  assert.equal(
    partKey({ ...part, layout: 'hive', ordinal: 2 }),
    'archive/ledger/public.charges/year=2026/month=01/part-0002-abababababababab.parquet',
  );
  assert.equal(
    partKey({ ...part, prefix: '', layout: 'hive', ordinal: 1 }),
    'ledger/public.charges/year=2026/month=01/part-0001-abababababababab.parquet',
  );
});

test('the flat layout has one name a table and month, and manifest.json beside', () => {
  assert.equal(partKey({ ...part, layout: 'flat', ordinal: 1 }), 'archive/2026/01/charges-2026-01.parquet');
  assert.equal(partKey({ ...part, layout: 'flat', ordinal: 3 }), 'archive/2026/01/charges-2026-01.3.parquet');
  const manifest = { ...part, layout: 'flat', sequence: 7 } as const;
  assert.equal(manifestKey({ ...manifest, isFirst: true }), 'archive/2026/01/manifest.json');
  assert.equal(manifestKey({ ...manifest, isFirst: false }), 'archive/2026/01/manifest-000007.json');
});

test("the archive's prefix is found in the key of any of its manifests, and in no other key", () => {
  const source = 'ledger';
  for (const prefix of ['', 'archive', 'a/b c', '2026/01', '_manifests']) {
    for (const layout of ['hive', 'flat'] as const) {
      for (const isFirst of [false, true]) {
        const key = manifestKey({ prefix, layout, source, month: '2026-01', sequence: 1_000_000, isFirst });
        assert.equal(manifestPrefixOf(key, source), prefix, key);
      }
    }
  }
  for (const key of [
    '',
    'manifest.json',
    'archive/01/manifest.json',
    `${partKey({ ...part, layout: 'flat', ordinal: 1 })}`,
  ]) {
    assert.equal(manifestPrefixOf(key, source), undefined, key);
  }
});

test('no two tables share a key, whatever their names hold', () => {
  const name = fc.string({ minLength: 1, maxLength: 12, unit: 'binary' }).filter((text) => text.isWellFormed());
  fc.assert(
    fc.property(name, name, name, name, (schemaA, tableA, schemaB, tableB) => {
      fc.pre(schemaA !== schemaB || tableA !== tableB);
      const key = (schema: string, table: string) => partKey({ ...part, schema, table, layout: 'hive', ordinal: 1 });
      assert.notEqual(key(schemaA, tableA), key(schemaB, tableB));
      assert.match(key(schemaA, tableA), /^[\x21-\x7e]+$/);
      assert.equal(key(schemaA, tableA).split('/').length, 6);
    }),
  );
});

test('a key that S3 cannot take is refused by its name', () => {
  assert.throws(() => partKey({ ...part, prefix: 'p'.repeat(1_000), layout: 'hive', ordinal: 1 }), {
    code: 'BAD_INPUT',
    message: /1024 bytes.*prefix/,
  });
});
