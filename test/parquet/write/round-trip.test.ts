import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import type { WriterColumn } from '../../../src/parquet/write/column.ts';
import { column, decimal, linesOf, readHere, writeHere } from './parts.ts';

/** How many rows went to the column of texts. */
async function roundTrip(of: WriterColumn, values: readonly (string | null)[]): Promise<boolean> {
  const lines = linesOf(values.map((value) => [value]));
  const part = writeHere([of], lines);
  const read = await readHere(part, 1);
  assert.ok(lines.equals(read), `${JSON.stringify(lines.toString())} came back as ${JSON.stringify(read.toString())}`);
  assert.equal(part.rows, values.length);
  assert.deepEqual(part.nullCounts, [values.filter((value) => value === null).length]);
  return Object.keys(part.spills).length > 0;
}

const pad = (value: number, digits: number): string => String(value).padStart(digits, '0');
const daysOfMonths = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

const dates = fc
  .tuple(fc.integer({ min: 1, max: 9999 }), fc.integer({ min: 1, max: 12 }), fc.nat(30))
  .map(
    ([year, month, day]) => `${pad(year, 4)}-${pad(month, 2)}-${pad((day % (daysOfMonths[month - 1] ?? 1)) + 1, 2)}`,
  );
const clocks = fc
  .tuple(fc.nat(23), fc.nat(59), fc.nat(59), fc.oneof(fc.constant(0), fc.nat(999_999)))
  .map(([hour, minute, second, micros]) => {
    const fraction = micros === 0 ? '' : `.${pad(micros, 6).replace(/0+$/, '')}`;
    return `${pad(hour, 2)}:${pad(minute, 2)}:${pad(second, 2)}${fraction}`;
  });
const timestamps = fc.tuple(dates, clocks).map(([date, clock]) => `${date} ${clock}`);

function decimals(precision: number, scale: number): fc.Arbitrary<string> {
  const most = 10n ** BigInt(precision) - 1n;
  return fc.oneof(fc.bigInt({ min: -most, max: most }), fc.bigInt({ min: -999n, max: 999n })).map((unscaled) => {
    const digits = String(unscaled < 0n ? -unscaled : unscaled).padStart(scale + 1, '0');
    const whole = digits.slice(0, digits.length - scale);
    return `${unscaled < 0n ? '-' : ''}${whole}${scale === 0 ? '' : `.${digits.slice(digits.length - scale)}`}`;
  });
}

/** As PostgreSQL prints a double: JavaScript's digits with PostgreSQL's exponents. */
function printedDouble(value: number): string {
  if (Object.is(value, -0)) return '-0';
  const size = Math.abs(value);
  if (!Number.isFinite(value) || value === 0 || (size >= 1e-4 && size < 1e15)) return String(value);
  return value.toExponential().replace(/e([+-])(\d)$/, 'e$10$2');
}

const uuids = fc.uuid();
const bytea = fc.uint8Array({ maxLength: 40 }).map((bytes) => `\\x${Buffer.from(bytes).toString('hex')}`);
const texts = fc
  .oneof(
    fc.string({ unit: 'grapheme' }),
    fc.string({
      unit: fc.constantFrom('\b', '\t', '\n', '\v', '\f', '\r', '\\', 'N', 'n', 'x', '\x01', '\x7f', 'é', '€', '😀'),
    }),
    fc.constantFrom('', '\\N', '\\.', 'null', ' '),
  )
  // PostgreSQL has neither
  .filter((text) => !text.includes('\0') && text.isWellFormed());

/** Values that the type stores itself, and others that it must not pretend to. */
const cases: readonly {
  readonly of: WriterColumn;
  readonly own: fc.Arbitrary<string>;
  readonly other: readonly string[];
}[] = [
  { of: column('boolean', 'boolean'), own: fc.constantFrom('t', 'f'), other: ['true', 'T', ''] },
  {
    of: column('int2', 'int2'),
    own: fc.integer({ min: -32_768, max: 32_767 }).map(String),
    other: ['32768', '-32769', '+1', '01', '-0', '1.0', '', '-', ' 1'],
  },
  {
    of: column('int4', 'int4'),
    own: fc.oneof(fc.integer(), fc.constantFrom(-(2 ** 31), 2 ** 31 - 1, 0)).map(String),
    other: ['2147483648', '-2147483649', '007', '1e3', '0x10'],
  },
  {
    of: column('int8', 'int8'),
    own: fc
      .oneof(
        fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
        fc.bigInt({ min: 2n ** 53n - 3n, max: 2n ** 53n + 3n }),
        fc.constantFrom(-(2n ** 63n), 2n ** 63n - 1n, 0n),
        fc.bigInt({ min: -100n, max: 100n }),
      )
      .map(String),
    other: ['9223372036854775808', '-9223372036854775809', '00000000000000000001', '99999999999999999999', '-0'],
  },
  {
    of: column('float8', 'float8'),
    own: fc
      .oneof(
        fc.double(),
        fc.integer().map((n) => n / 100),
        fc.constantFrom(-0, 5e-324, 1e22, 1e-5, 1e15, 123456789012345, Number.MAX_VALUE),
      )
      .map(printedDouble),
    other: ['1.0', '1e5', '.5', '5.', '00.5', '-0.0', 'nan', '1E5', '0.1000000000000000055', '', 'inf', '1_000'],
  },
  {
    of: column('float4', 'float4'),
    own: fc.constantFrom(
      '-0',
      '0',
      '1e-45',
      '3.4028235e+38',
      '1e-05',
      '0.0001',
      '0.1',
      '123456',
      '1e+06',
      '1.234567e+06',
      'NaN',
      '-Infinity',
      '0.33333334',
      '1.1754944e-38',
    ),
    other: ['0.10000000149011612', '1000000', '1.0', '3.5e+38', 'Infinit'],
  },
  {
    of: column('uuid', 'uuid'),
    own: uuids,
    other: [
      '',
      '00000000-0000-0000-0000-00000000000G',
      '0123456789abcdef0123456789abcdef',
      'A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11',
    ],
  },
  { of: column('bytea', 'bytea'), own: bytea, other: ['', '\\x0', '\\xAB', 'abc', '\\x0g', '\\'] },
  { of: column('text', 'text'), own: texts, other: [] },
  {
    of: column('json', 'json'),
    own: fc.oneof(fc.json(), fc.constant('{"a":1, "a":2}'), fc.constant(' 1e400 ')),
    other: [],
  },
  { of: column('canonical', 'canonical'), own: texts, other: [] },
  {
    of: column('date', 'date'),
    own: dates,
    other: [
      'infinity',
      '-infinity',
      '0044-03-15 BC',
      '10000-01-01',
      '0000-01-01',
      '2023-02-29',
      '2024-13-01',
      '2024-00-10',
      '5874897-12-31',
    ],
  },
  {
    of: column('timestamp', 'timestamp'),
    own: timestamps,
    other: [
      'infinity',
      '0044-03-15 00:00:00 BC',
      '294276-12-31 23:59:59.999999',
      '2024-01-01 24:00:00',
      '2024-01-01 00:00:00.10',
      '2024-01-01 00:00:00.1234567',
      '2024-01-01',
      '2024-01-01 00:00:00+00',
      '2024-01-01 00:00:60',
    ],
  },
  {
    of: column('timestamptz', 'timestamptz'),
    own: timestamps.map((timestamp) => `${timestamp}+00`),
    other: [
      '-infinity',
      '0044-03-15 00:00:00+00 BC',
      '2024-01-01 00:00:00+02',
      '2024-01-01 00:00:00',
      '10000-01-01 00:00:00+00',
      '+00',
    ],
  },
  {
    of: decimal('numeric(9,2)', 9, 2),
    own: decimals(9, 2),
    other: ['NaN', 'Infinity', '1', '1.1', '1.100', '-0.00', '12345678.00', '.10', '01.10', '1,10'],
  },
  {
    of: decimal('numeric(18,6)', 18, 6),
    own: decimals(18, 6),
    other: ['NaN', '-Infinity', '1.00', '1234567890123.000000', '-0.000000'],
  },
  {
    of: decimal('numeric(38,10)', 38, 10),
    own: decimals(38, 10),
    other: ['NaN', '1', `${'9'.repeat(29)}.0000000000`, '-0.0000000000'],
  },
  { of: decimal('numeric(38,0)', 38, 0), own: decimals(38, 0), other: ['NaN', `1${'0'.repeat(38)}`, '-0', '1.'] },
  { of: decimal('numeric(3,3)', 3, 3), own: decimals(3, 3), other: ['1.000', '.123', '-.123'] },
];

describe('what is written is read back byte for byte', () => {
  for (const { of, own, other } of cases) {
    test(`${of.name}: its own values as themselves`, async () => {
      const values = fc.array(fc.option(own, { freq: 5 }), { maxLength: 300 });
      await fc.assert(
        fc.asyncProperty(values, async (rows) => {
          assert.equal(await roundTrip(of, rows), false, 'a value was kept as text');
        }),
        { numRuns: 60 },
      );
    });

    for (const text of other) {
      test(`${of.name}: ${JSON.stringify(text)} as text`, async () => {
        assert.equal(await roundTrip(of, [text]), true);
      });
    }

    test(`${of.name}: anything else among them`, async () => {
      const values = fc.array(fc.oneof(own, own, texts, fc.constantFrom('', ...other), fc.constant(null)), {
        maxLength: 100,
      });
      await fc.assert(
        fc.asyncProperty(values, async (rows) => {
          await roundTrip(of, rows);
        }),
        { numRuns: 60 },
      );
    });
  }

  test('every single-precision number in a shape that PostgreSQL prints comes back, or is kept as text', async () => {
    const reals = fc.float().map((value) => (Object.is(value, -0) ? '-0' : String(value)));
    await fc.assert(
      fc.asyncProperty(fc.array(reals, { maxLength: 200 }), async (rows) => {
        await roundTrip(column('real', 'float4'), rows);
      }),
    );
  });
});
