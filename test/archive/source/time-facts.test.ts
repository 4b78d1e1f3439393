import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { inSnapshot } from '../../../src/archive/source/source-transaction.ts';
import { readDefinition } from '../../../src/archive/source/table-definition.ts';
import { readTableSize } from '../../../src/archive/source/table-size.ts';
import { readTimeFacts, type TimeFacts, type TimeFactsOptions } from '../../../src/archive/source/time-facts.ts';
import { openTestSource, type TestSource } from './source-database.ts';

const times = [
  'infinity',
  '-infinity',
  'infinity',
  '0044-03-15 BC',
  '0001-01-01',
  '1999-12-31 23:59:59.999999+00',
  '2000-01-01 00:00:00+00',
  '2024-02-29 23:00:00-02',
  '2024-03-31 02:30:00+02',
  '2024-03-10 03:00:00-04',
  '9999-12-31 23:59:59.999999+00',
  '10000-01-01',
  '294276-12-31',
];

describe('the facts of a table', () => {
  let source: TestSource;

  before(async () => {
    source = await openTestSource();
    const values = times.map((time) => `('${time}')`).join(', ');
    for (const type of ['timestamptz', 'timestamp', 'date']) {
      await source.owner.query(`create table of_${type} (at ${type}); create index on of_${type} (at)`);
      await source.owner.query(`insert into of_${type} values ${values}, (null), (null), (null)`);
    }
  });
  after(() => source[Symbol.asyncDispose]());

  function read(table: string, options: Omit<Partial<TimeFactsOptions>, 'definition'>): Promise<TimeFacts> {
    return inSnapshot(source.pool, async (client) => {
      const definition = await readDefinition(client, { schema: 'public', table });
      return readTimeFacts(client, { timeColumn: 'at', isTimeOrdered: true, ...options, definition });
    });
  }

  test('are the same counted by an index, month by month, as in one reading of the table', async () => {
    for (const type of ['timestamptz', 'timestamp', 'date']) {
      const byIndex = await read(`of_${type}`, { isTimeOrdered: true });
      assert.deepEqual(await read(`of_${type}`, { isTimeOrdered: false }), byIndex);
      assert.equal(byIndex.nullTimeRows, 3);
      assert.equal(byIndex.infiniteTimeRows, 6);
      // The evening of February in one zone is March in UTC.
      const february = type === 'timestamptz' ? [] : ['2024-02'];
      const months = ['0001-01', '1999-12', '2000-01', ...february, '2024-03', '9999-12'];
      assert.deepEqual(
        byIndex.months.map(({ month }) => month),
        months,
      );
      assert.equal(
        byIndex.months.reduce((sum, { rows }) => sum + rows, 0),
        times.length - 6,
      );
    }
    const { oldest, newest, months } = await read('of_timestamptz', { isTimeOrdered: true });
    assert.deepEqual([oldest, newest], ['0001-01-01 00:00:00+00', '9999-12-31 23:59:59.999999+00']);
    assert.deepEqual(months.slice(3, 5), [
      { month: '2024-03', rows: 3 },
      { month: '9999-12', rows: 1 },
    ]);
  });

  test('end with the month asked for, and let a throttle wait between statements', async () => {
    let pauses = 0;
    const pause = async () => {
      pauses++;
    };
    const { months } = await read('of_date', { upTo: '2000-01', pause });
    assert.deepEqual(
      months.map(({ month }) => month),
      ['0001-01', '1999-12', '2000-01'],
    );
    assert.ok(pauses >= 5);
    assert.deepEqual((await read('of_date', { upTo: '2000-01', isTimeOrdered: false })).months, months);
  });

  test('that take too long are a TIMEOUT, and nothing is left of it in the session', async () => {
    await source.owner.query('create table slow_table (at timestamptz)');
    await source.owner.query('insert into slow_table select now() from generate_series(1, 200000)');
    await assert.rejects(read('slow_table', { isTimeOrdered: false, statementTimeoutSeconds: 0.002 }), {
      code: 'TIMEOUT',
      message: /public\.slow_table .*index on at/,
    });
    const { rows } = await source.pool.query('show statement_timeout');
    assert.deepEqual(rows, [{ statement_timeout: '0' }]);
  });

  test('tell whether months are found without reading the others', async () => {
    await source.owner.query(`
      create table bare (at timestamptz, id int);
      create index on bare (id, at); create index on bare (at) where id > 0; create index on bare using brin (at);
      create table parted (at timestamptz, id int) partition by range (at);
      create table parted_all partition of parted default;
      insert into parted select '2024-01-01', 1 from generate_series(1, 1000); analyze parted`);
    const facts = (table: string, timeColumn: string | null = 'at') =>
      inSnapshot(source.pool, async (client) =>
        readTableSize(client, await readDefinition(client, { schema: 'public', table }), timeColumn),
      );
    const { hasTimeIndex, isTimeOrdered } = await facts('of_date');
    assert.deepEqual([hasTimeIndex, isTimeOrdered], [true, true]);
    assert.equal((await facts('bare')).hasTimeIndex, false);
    assert.equal((await facts('bare', null)).hasTimeIndex, false);
    const parted = await facts('parted');
    assert.deepEqual([parted.hasTimeIndex, parted.isTimeOrdered, parted.estimatedRows], [true, false, 1000]);
    assert.ok(parted.sizeBytes > 8192);
  });
});
