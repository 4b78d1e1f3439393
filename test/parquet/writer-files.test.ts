import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { SchemaElement } from 'hyparquet';
import { type ColumnSource, parquetWriteBuffer } from 'hyparquet-writer';
import { readHere } from './copy-text.ts';
import { MemorySource } from './file-source.ts';

function written(columnData: ColumnSource[], schema?: SchemaElement[], pageSize = 2_048): MemorySource {
  return new MemorySource(
    new Uint8Array(
      parquetWriteBuffer({ columnData, pageSize, rowGroupSize: 700, ...(schema === undefined ? {} : { schema }) }),
    ),
  );
}

const rowCount = 2_000;
const rows = Array.from({ length: rowCount }, (_, i) => i);

/** Every third is null. */
const sparse = <Value>(make: (i: number) => Value): (Value | null)[] => rows.map((i) => (i % 3 === 0 ? null : make(i)));

describe('files made by hyparquet-writer, with small pages and row groups', () => {
  const cases: readonly { readonly column: ColumnSource; readonly text: (value: never) => string }[] = [
    { column: { name: 'plain', type: 'STRING', encoding: 'PLAIN', data: sparse((i) => `text ${i}`) }, text: String },
    { column: { name: 'dictionary', type: 'STRING', data: sparse((i) => `text ${i % 17}`) }, text: String },
    { column: { name: 'one value', type: 'STRING', data: rows.map(() => 'same') }, text: String },
    { column: { name: 'all null', type: 'STRING', nullable: true, data: rows.map(() => null) }, text: String },
    {
      column: {
        name: 'delta length',
        type: 'STRING',
        encoding: 'DELTA_LENGTH_BYTE_ARRAY',
        data: sparse((i) => 'é'.repeat(i % 5)),
      },
      text: String,
    },
    {
      column: {
        name: 'delta strings',
        type: 'STRING',
        encoding: 'DELTA_BYTE_ARRAY',
        data: sparse((i) => `prefix/${i >> 3}/${i}`),
      },
      text: String,
    },
    {
      column: {
        name: 'delta 32',
        type: 'INT32',
        encoding: 'DELTA_BINARY_PACKED',
        data: sparse((i) => (i % 2 === 0 ? -(2 ** 31) : 2 ** 31 - 1)),
      },
      text: String,
    },
    {
      column: {
        name: 'delta 64',
        type: 'INT64',
        encoding: 'DELTA_BINARY_PACKED',
        data: sparse((i) => (i % 2 === 0 ? -(2n ** 63n) : 2n ** 63n - 1n)),
      },
      text: String,
    },
    {
      column: { name: 'split', type: 'DOUBLE', encoding: 'BYTE_STREAM_SPLIT', data: sparse((i) => i / 8) },
      text: String,
    },
    {
      column: { name: 'boolean', type: 'BOOLEAN', data: sparse((i) => i % 5 === 0) },
      text: (value: boolean) => (value ? 't' : 'f'),
    },
    {
      column: {
        name: 'uuid',
        type: 'UUID',
        data: sparse((i) => `0123abcd-0000-4000-8000-${String(i).padStart(12, '0')}`),
      },
      text: String,
    },
    {
      column: { name: 'json', type: 'JSON', data: sparse((i) => ({ i })) },
      text: (value: object) => JSON.stringify(value),
    },
  ];
  for (const { column, text } of cases) {
    test(`${column.name}: every value and every null is at its row`, async () => {
      const read = await readHere(written([column]));
      const expected = Array.from(column.data as Iterable<never>, (value) => [value === null ? null : text(value)]);
      assert.deepEqual(read.rows, expected);
    });
  }

  const map = (outer: string, inner: string, converted: 'MAP' | 'MAP_KEY_VALUE'): SchemaElement[] => [
    { name: 'root', num_children: 1 },
    { name: outer, repetition_type: 'OPTIONAL', num_children: 1, converted_type: converted },
    { name: inner, repetition_type: 'REPEATED', num_children: 2 },
    { name: 'key', type: 'BYTE_ARRAY', converted_type: 'UTF8', repetition_type: 'REQUIRED' },
    { name: 'value', type: 'BYTE_ARRAY', converted_type: 'UTF8', repetition_type: 'OPTIONAL' },
  ];

  test('a map keeps keys that repeat, as pairs; whatever its inner group is called', async () => {
    for (const inner of ['key_value', 'map', 'entries']) {
      const data = [
        [
          ['a', '1'],
          ['b', null],
        ],
        [
          ['a', '1'],
          ['a', '2'],
        ],
        [],
        null,
      ];
      const { columns, rows } = await readHere(written([{ name: 'tags', data }], map('tags', inner, 'MAP')));
      assert.deepEqual(columns, [{ name: 'tags', type: 'jsonb' }]);
      assert.deepEqual(rows, [['{"a":"1","b":null}'], ['[["a","1"],["a","2"]]'], ['{}'], [null]]);
    }
  });

  test('a map of very many keys finds the one that repeats', async () => {
    const keys = Array.from({ length: 100 }, (_, i) => [`key ${i}`, String(i)]);
    const { rows } = await readHere(
      written([{ name: 'tags', data: [keys, [...keys, ['key 7', 'again']]] }], map('tags', 'key_value', 'MAP')),
    );
    assert.deepEqual(JSON.parse(rows[0]?.[0] ?? ''), Object.fromEntries(keys));
    assert.deepEqual(JSON.parse(rows[1]?.[0] ?? ''), [...keys, ['key 7', 'again']]);
  });

  test('lists in the forms of older writers are lists of the same values', async () => {
    const element = { type: 'BYTE_ARRAY', converted_type: 'UTF8' } as const;
    const forms: readonly SchemaElement[][] = [
      [
        { name: 'l', repetition_type: 'OPTIONAL', num_children: 1, converted_type: 'LIST' },
        { name: 'bag', repetition_type: 'REPEATED', num_children: 1 },
        { name: 'array_element', repetition_type: 'OPTIONAL', ...element },
      ],
      [
        { name: 'l', repetition_type: 'OPTIONAL', num_children: 1, converted_type: 'LIST' },
        { name: 'list', repetition_type: 'REPEATED', num_children: 1 },
        { name: 'element', repetition_type: 'OPTIONAL', ...element },
      ],
    ];
    for (const form of forms) {
      const schema: SchemaElement[] = [{ name: 'root', num_children: 1 }, ...form];
      const { rows } = await readHere(written([{ name: 'l', data: [['a', null], [], null, ['b']] }], schema));
      assert.deepEqual(rows, [['["a",null]'], ['[]'], [null], ['["b"]']]);
    }
  });
});
