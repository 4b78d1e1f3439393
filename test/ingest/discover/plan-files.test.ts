import assert from 'node:assert/strict';
import { test } from 'node:test';
import { planFiles } from '../../../src/ingest/discover/plan-files.ts';
import { tableNameFor } from '../../../src/ingest/discover/table-name.ts';
import { listed } from './listing.ts';

test('kind files: a month is all objects whose path names it, and any change to one makes another delivery', () => {
  const keys = [
    'inv/2024-02/b.csv',
    'inv/2024-01/z',
    'inv/2024-01/a.csv',
    'inv/2024-01/',
    'inv/notes.txt',
    'inv/more.txt',
  ];
  const plan = planFiles({ listing: keys.map((key) => listed(key)), prefix: 'inv/' });
  assert.deepEqual(
    plan.deliveries.map(({ period, files }) => [period.start, files.map(({ ordinal, key }) => [ordinal, key])]),
    [
      [
        '2024-01-01',
        [
          [1, 'inv/2024-01/a.csv'],
          [2, 'inv/2024-01/z'],
        ],
      ],
      ['2024-02-01', [[1, 'inv/2024-02/b.csv']]],
    ],
  );
  assert.deepEqual(
    plan.warnings.map(({ code }) => code),
    ['NO_PERIOD_IN_PATH'],
  );
  assert.match(plan.warnings[0]?.text ?? '', /2 objects .* such as inv\/notes\.txt/);
  const again = planFiles({ listing: keys.toReversed().map((key) => listed(key)), prefix: 'inv/' });
  assert.equal(again.deliveries[0]?.identity, plan.deliveries[0]?.identity, 'the order of the listing does not matter');
  const changed = planFiles({ listing: keys.map((key) => listed(key, { etag: `new ${key}` })), prefix: 'inv/' });
  assert.notEqual(changed.deliveries[0]?.identity, plan.deliveries[0]?.identity);
});

test('kind files: a month in the prefix itself is not the month of everything below it', () => {
  const plan = planFiles({ listing: [listed('since-2019-01/2024-03.csv')], prefix: 'since-2019-01/' });
  assert.deepEqual(
    plan.deliveries.map(({ period }) => period.start),
    ['2024-03-01'],
  );
});

test("a table's name says what AWS calls the export and what it holds, needs no quotes and is nobody else's", () => {
  const name = (sourceName: string, kind: Parameters<typeof tableNameFor>[0]['kind'], ...taken: string[]) =>
    tableNameFor({ sourceName, kind, taken: new Set(taken) });
  assert.equal(name('Hourly Cost-and-Usage', 'cur-legacy'), 'hourly_cost_and_usage_cur');
  assert.equal(name('acme_cur2', 'cur2'), 'acme_cur2');
  assert.equal(name('acme', 'focus-1.2', 'acme_focus_1_2', 'acme_focus_1_2_2'), 'acme_focus_1_2_3');
  assert.equal(name('', 'cur2'), 'cur2');
  assert.equal(name('2024 Übersicht', 'files'), 't_2024_ubersicht_files');
  assert.equal(name('"; drop table x --', 'cur2'), 'drop_table_x_cur2');
  const long = name('x'.repeat(200), 'focus-1.0');
  const second = name('x'.repeat(200), 'focus-1.0', long);
  assert.ok(long.length <= 40 && second.length <= 40 && long !== second);
  assert.match(second, /^x+_focus_1_\d*_?2$/);
});
