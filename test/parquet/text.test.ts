import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { MemoryBudget } from '../../src/parquet/memory-budget.ts';
import {
  halfToDouble,
  unscaledOf,
  writeDecimal,
  writeDouble,
  writeInt64,
  writeUint64,
} from '../../src/parquet/number-text.ts';
import { TextSink } from '../../src/parquet/text-sink.ts';
import {
  timestampOf,
  timestampOfInt96,
  writeDate,
  writeInterval,
  writeTime,
  writeTimestamp,
} from '../../src/parquet/time-text.ts';

function text(write: (sink: TextSink) => void): string {
  const sink = new TextSink(new MemoryBudget(2 ** 20));
  write(sink);
  return Buffer.from(sink.bytes.subarray(0, sink.length)).toString();
}

const double = (value: number): string => text((sink) => writeDouble(value, sink));
const decimal = (unscaled: number | bigint, scale: number): string =>
  text((sink) => writeDecimal(unscaled, scale, sink));
const timestamp = (
  count: bigint,
  unit: 'millis' | 'micros' | 'nanos',
  bounds: 'bounded' | 'unbounded' = 'bounded',
): string =>
  text((sink) => {
    const low = Number(BigInt.asUintN(32, count));
    const high = Number(BigInt.asIntN(32, count >> 32n));
    writeTimestamp(timestampOf(low, high, unit), { isUtc: true, bounds }, sink);
  });

describe('numbers', () => {
  test('every double reads back as itself, in no more digits than it needs', () => {
    const isShortest = (value: number): void => {
      const written = double(value);
      assert.ok(Object.is(Number(written), value), `${value} became ${written}`);
      const digits = (number: string) =>
        number
          .replace(/e.*$/, '')
          .replace(/[-.]/g, '')
          .replace(/^0+|0+$/g, '');
      assert.equal(digits(written), digits(String(value)), written);
    };
    fc.assert(fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), isShortest), { numRuns: 5_000 });
    const amount = fc.tuple(fc.integer({ min: -1e9, max: 1e9 }), fc.integer({ min: 0, max: 12 }));
    fc.assert(
      fc.property(amount, ([whole, places]) => isShortest(whole / 10 ** places)),
      { numRuns: 5_000 },
    );
  });

  test('doubles are spelled as PostgreSQL spells them', () => {
    const spelled = [
      0,
      -0,
      NaN,
      Infinity,
      -Infinity,
      0.1,
      1e-4,
      1e-5,
      -7e-10,
      123456,
      1e14,
      1e15,
      1.5e300,
      5e-324,
      Math.fround(0.1),
    ].map(double);
    const expected =
      '0 -0 NaN Infinity -Infinity 0.1 0.0001 1e-05 -7e-10 123456 100000000000000 1e+15 1.5e+300 5e-324 0.10000000149011612';
    assert.equal(spelled.join(' '), expected);
  });

  test('64-bit integers keep every digit', () => {
    const property = fc.property(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), (value) => {
      const low = Number(BigInt.asUintN(32, value));
      const high = Number(BigInt.asIntN(32, value >> 32n));
      assert.equal(
        text((sink) => writeInt64(low, high, sink)),
        String(value),
      );
      assert.equal(
        text((sink) => writeUint64(low, high, sink)),
        String(BigInt.asUintN(64, value)),
      );
    });
    fc.assert(property, { numRuns: 2_000 });
  });

  test('decimals have exactly the digits of their scale', () => {
    assert.deepEqual(
      [
        decimal(0, 2),
        decimal(-5, 2),
        decimal(110, 2),
        decimal(-123456789012345678901n, 20),
        decimal(7n, 20),
        decimal(12, 0),
        decimal(2 ** 53 - 1, 15),
      ],
      ['0.00', '-0.05', '1.10', '-1.23456789012345678901', '0.00000000000000000007', '12', '9.007199254740991'],
    );
  });

  test("decimals of any number of bytes are two's complement, most significant byte first", () => {
    const property = fc.property(fc.uint8Array({ minLength: 1, maxLength: 20 }), (bytes) => {
      const expected = BigInt.asIntN(bytes.length * 8, BigInt(`0x${Buffer.from(bytes).toString('hex')}`));
      assert.equal(BigInt(unscaledOf(bytes, 0, bytes.length)), expected);
    });
    fc.assert(property);
  });

  test('half floats are exact', () => {
    assert.deepEqual([0x3c00, 0xc000, 0x7bff, 0x0001, 0x7c00].map(halfToDouble), [1, -2, 65504, 2 ** -24, Infinity]);
    assert.ok(Number.isNaN(halfToDouble(0x7e00)));
  });
});

/** Milliseconds from 1970 that 64 bits of nanoseconds reach. */
const reachOfNanos = 9_223_372_036_854;

describe('times', () => {
  test('dates and timestamps agree with the calendar of the engine', () => {
    const millis = fc.integer({ min: -62_135_596_800_000, max: 253_402_300_799_999 });
    fc.assert(
      fc.property(millis, (value) => {
        const [day, clock] = new Date(value).toISOString().slice(0, -1).split('T');
        const seconds = clock?.endsWith('.000') ? clock.slice(0, 8) : clock?.replace(/0+$/, '');
        assert.equal(timestamp(BigInt(value), 'millis'), `${day} ${seconds}+00`);
        assert.equal(timestamp(BigInt(value) * 1_000n, 'micros'), `${day} ${seconds}+00`);
        if (Math.abs(value) < reachOfNanos)
          assert.equal(timestamp(BigInt(value) * 1_000_000n, 'nanos'), `${day} ${seconds}+00`);
        assert.equal(
          text((sink) => writeDate(Math.floor(value / 86_400_000), 'bounded', sink)),
          day,
        );
      }),
      { numRuns: 3_000 },
    );
  });

  test("PostgreSQL's first and last instants are written, and one beyond asks for text", () => {
    const endMillis = 106_762_940n * 86_400_000n;
    assert.equal(timestamp(endMillis - 1n, 'millis'), '294276-12-31 23:59:59.999+00');
    assert.equal(timestamp(-2_440_588n * 86_400_000_000n, 'micros'), '4714-11-24 00:00:00+00 BC');
    assert.throws(() => timestamp(endMillis, 'millis'), { kind: 'wider' });
    assert.equal(timestamp(endMillis, 'millis', 'unbounded'), '294277-01-01 00:00:00+00');
    assert.equal(
      text((sink) => writeDate(2_145_042_905, 'bounded', sink)),
      '5874897-12-31',
    );
    assert.throws(() => text((sink) => writeDate(2_145_042_906, 'bounded', sink)), { kind: 'wider' });
    assert.throws(() => text((sink) => writeDate(-2_440_589, 'bounded', sink)), { kind: 'wider' });
  });

  test('nanoseconds that microseconds cannot hold ask for text', () => {
    assert.equal(timestamp(1_500n, 'nanos', 'unbounded'), '1970-01-01 00:00:00.0000015+00');
    assert.throws(() => timestamp(1_500n, 'nanos'), { kind: 'wider' });
    assert.equal(timestamp(-1_000n, 'nanos'), '1969-12-31 23:59:59.999999+00');
  });

  test('INT96 adds nanoseconds of the day to a Julian day', () => {
    const day = timestampOfInt96(1_000, 0, 2_440_589);
    assert.deepEqual(day, { day: 1, second: 0, fraction: 1_000, digits: 9 });
  });

  test('times of day reach 24:00, and what is beyond asks for text', () => {
    const time = (count: number, bounds: 'bounded' | 'unbounded') =>
      text((sink) => writeTime(count, 'micros', bounds, sink));
    assert.equal(time(86_399_999_999, 'bounded'), '23:59:59.999999');
    assert.equal(time(86_400_000_000, 'bounded'), '24:00:00');
    assert.throws(() => time(86_400_000_001, 'bounded'), { kind: 'wider' });
    assert.equal(time(86_400_000_001, 'unbounded'), '24:00:00.000001');
    assert.equal(time(-1, 'unbounded'), '-00:00:00.000001');
  });

  test('intervals keep months, days and milliseconds apart', () => {
    const interval = (...parts: readonly number[]) =>
      text((sink) => writeInterval(new DataView(Uint32Array.from(parts).buffer), 0, sink));
    assert.equal(interval(14, 2, 3_004), 'P14M2DT3.004S');
    assert.equal(interval(0, 0, 0), 'PT0S');
    assert.equal(interval(1, 0, 0), 'P1M');
  });
});
