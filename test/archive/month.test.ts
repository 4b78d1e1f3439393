import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import {
  dueAt,
  isMonth,
  monthEnd,
  monthOf,
  monthRange,
  monthStart,
  newestDueMonth,
  nextMonth,
  parseMonth,
  previousMonth,
  retainUntil,
} from '../../src/archive/month.ts';
import { isAppError } from '../../src/errors.ts';

const months = monthRange('1970-01', '2200-12');
const dayMillis = 86_400_000;

function daysOf(month: string): number {
  return (monthEnd(month).getTime() - monthStart(month).getTime()) / dayMillis;
}

function isLeap(year: number): boolean {
  return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
}

test('months tile time: each begins where the one before ends, and both its ends know which month it is', () => {
  assert.equal(months.length, 231 * 12);
  for (const [i, month] of months.entries()) {
    assert.equal(monthOf(monthStart(month)), month);
    assert.equal(monthOf(new Date(monthEnd(month).getTime() - 1)), month);
    assert.equal(monthOf(monthEnd(month)), nextMonth(month));
    assert.equal(previousMonth(nextMonth(month)), month);
    if (i > 0) assert.equal(monthStart(month).getTime(), monthEnd(months[i - 1] ?? '').getTime());
  }
});

test('every month from 1970 to 2200 has as many days as the calendar says, leap Februaries included', () => {
  const lengths = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
  for (const month of months) {
    const [year = 0, number = 0] = month.split('-').map(Number);
    assert.equal(daysOf(month), number === 2 && isLeap(year) ? 29 : lengths[number - 1], month);
  }
});

test('the order of the texts is the order of the months', () => {
  assert.deepEqual(months.toSorted(), months);
});

test('retention is counted on the calendar from the end of the month: leap years shift nothing', () => {
  assert.equal(retainUntil('2024-02', 10).toISOString(), '2034-03-01T00:00:00.000Z');
  assert.equal(retainUntil('2023-02', 1).toISOString(), '2024-03-01T00:00:00.000Z');
  assert.equal(retainUntil('2025-12', 7).toISOString(), '2033-01-01T00:00:00.000Z');
  for (const month of months) {
    for (const years of [1, 7, 10, 30]) {
      const [year = 0, number = 0] = nextMonth(month).split('-').map(Number);
      assert.equal(
        retainUntil(month, years).toISOString(),
        new Date(Date.UTC(year + years, number - 1, 1)).toISOString(),
      );
    }
  }
});

test('a month is due its hot days after its end, and the newest due month is the last that is', () => {
  for (const hotDays of [0, 1, 30, 90, 365, 3_650]) {
    for (const month of months.slice(0, 400)) {
      const due = dueAt(month, hotDays);
      assert.equal(due.getTime(), monthEnd(month).getTime() + hotDays * dayMillis);
      assert.equal(newestDueMonth(due, hotDays), month);
      assert.equal(newestDueMonth(new Date(due.getTime() - 1), hotDays), previousMonth(month));
    }
  }
});

test('years of one to four digits are years of their own, not of the twentieth century', () => {
  assert.equal(monthStart('0001-01').toISOString(), '0001-01-01T00:00:00.000Z');
  assert.equal(nextMonth('0099-12'), '0100-01');
  assert.equal(monthEnd('9999-12').getTime(), Date.UTC(10_000, 0, 1));
});

test('what is no month is refused by its text', () => {
  for (const text of ['2024-13', '2024-00', '0000-01', '24-01', '2024-1', '2024-01-01', '', '2024-01\n', ' 2024-01']) {
    assert.equal(isMonth(text), false, text);
    assert.throws(
      () => parseMonth(text),
      (error) => isAppError(error, 'BAD_INPUT'),
    );
  }
  assert.throws(
    () => nextMonth('9999-12'),
    (error) => isAppError(error, 'BAD_INPUT'),
  );
  assert.throws(
    () => previousMonth('0001-01'),
    (error) => isAppError(error, 'BAD_INPUT'),
  );
});

test('a range has both its ends, is empty when turned round, and is refused when it is absurdly long', () => {
  assert.deepEqual(monthRange('2023-11', '2024-02'), ['2023-11', '2023-12', '2024-01', '2024-02']);
  assert.deepEqual(monthRange('2024-02', '2024-02'), ['2024-02']);
  assert.deepEqual(monthRange('2024-02', '2024-01'), []);
  assert.throws(
    () => monthRange('0001-01', '9999-12'),
    (error) => isAppError(error, 'BAD_INPUT'),
  );
});

test('the time zone of the process moves no month, whatever it does to its clocks', () => {
  const module = fileURLToPath(new URL('../../src/archive/month.ts', import.meta.url));
  const script = `
    const { monthOf, monthStart, monthEnd, retainUntil, dueAt, monthRange } = await import(${JSON.stringify(module)});
    const at = monthRange('2023-01', '2026-12').map((month) => [month, monthOf(monthStart(month)),
      monthOf(new Date(monthEnd(month) - 1)), monthStart(month), monthEnd(month), retainUntil(month, 10), dueAt(month, 90)]);
    process.stdout.write(JSON.stringify(at));`;
  const inZone = (TZ: string) =>
    execFileSync(process.execPath, ['--input-type=module', '--eval', script], {
      env: { ...process.env, TZ },
      encoding: 'utf8',
    });
  const utc = inZone('UTC');
  for (const zone of ['America/New_York', 'Pacific/Kiritimati', 'Australia/Lord_Howe']) assert.equal(inZone(zone), utc);
});
