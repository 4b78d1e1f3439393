import assert from 'node:assert/strict';
import { test } from 'node:test';
import { quoteIdentifier } from '../../src/db/identifier.ts';
import { columnNameOf, nameColumns } from '../../src/raw/column-names.ts';
import { maxNativeColumns, planColumns } from '../../src/raw/plan-columns.ts';

const text = (...names: string[]) => names.map((name) => ({ name, type: 'text' as const }));

test('a column keeps its own name', () => {
  const { added } = planColumns([], text('lineItem/UsageAccountId', 'Name', 'name'));
  assert.deepEqual(
    added.map(({ columnName }) => columnName),
    ['lineItem/UsageAccountId', 'Name', 'name'],
  );
});

test('whatever a header names, every column gets a name that PostgreSQL takes and no two share', () => {
  const long = 'savings_plan_net_amortized_upfront_commitment_for_billing_period';
  const hostile = [
    '',
    '',
    'a',
    'a',
    'a~2',
    'ctid',
    '_row',
    '_more',
    `${long}`,
    `${long}x`,
    'x"; drop table y; --',
    'a\nb',
    'n\0l',
    'n␀l',
    '名'.repeat(40),
  ];
  const { added, placed } = planColumns([], text(...hostile));
  const names = added.map(({ columnName }) => columnName);
  assert.equal(new Set(names).size, hostile.length);
  for (const name of names) assert.doesNotThrow(() => quoteIdentifier(name));
  assert.deepEqual(placed, added);
});

test('a name that had to be made is the same in every month', () => {
  const long = 'x'.repeat(100);
  const first = planColumns([], text('a', long)).placed[1];
  const again = planColumns([], text(long)).placed[0];
  assert.equal(first?.columnName, again?.columnName);
});

test('columns beyond the native limit go to _more, and stay there when others are known', () => {
  const header = text(...Array.from({ length: maxNativeColumns + 3 }, (_, index) => `c${index}`));
  const { added } = planColumns([], header);
  assert.equal(added.filter(({ inMore }) => inMore).length, 3);
  const later = planColumns(added, text('new', `c${maxNativeColumns}`, 'c0'));
  assert.deepEqual(
    later.placed.map(({ inMore }) => inMore),
    [true, true, false],
  );
});

test('a type is widened without loss, and never narrowed', () => {
  const known = planColumns([], [{ name: 'n', type: 'bigint' }]).added;
  assert.equal(planColumns(known, [{ name: 'n', type: 'numeric' }]).widened[0]?.columnType, 'numeric');
  assert.equal(planColumns(known, [{ name: 'n', type: 'double precision' }]).widened[0]?.columnType, 'text');
  const numeric = [{ ...known[0], columnType: 'numeric' as const }] as typeof known;
  const plan = planColumns(numeric, [{ name: 'n', type: 'bigint' }]);
  assert.deepEqual(plan.widened, []);
  assert.equal(plan.placed[0]?.columnType, 'numeric');
});

test('columns of one name are told apart by their order', () => {
  assert.deepEqual(
    nameColumns(['a', 'b', 'a']).map(({ occurrence }) => occurrence),
    [1, 1, 2],
  );
  assert.equal(columnNameOf({ sourceName: 'a', occurrence: 2 }), 'a~2');
});

test('a name that could not be recorded is refused by its place, before anything is changed', () => {
  assert.equal(planColumns([], text('é'.repeat(1_000))).added.length, 1);
  assert.throws(() => planColumns([], text('a', 'é'.repeat(1_001))), {
    code: 'HEADER_INVALID',
    message: /column 2, .* has 2002 bytes/,
  });
});
