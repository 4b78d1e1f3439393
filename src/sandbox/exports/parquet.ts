import type { SchemaElement } from 'hyparquet';
import { ByteWriter, ParquetWriter } from 'hyparquet-writer';
import { decimalText } from './amount.ts';
import type { Charge } from './charge.ts';
import type { Column } from './column.ts';

export interface ParquetOptions {
  readonly columns: readonly Column[];
  readonly charges: Iterable<Charge>;
  /** Rows held in memory at a time: one row group. */
  readonly rowGroupRows: number;
  /** Legacy reports have no nulls: every column is REQUIRED, with empty texts and zeros. */
  readonly isRequired: boolean;
  /** Whether maps are MAPs (inner group `key_value`, as Spark and AWS write them) or JSON text. */
  readonly mapsAs: 'map' | 'json';
}

/** Parquet, snappy, one row group after the other; each is yielded before the next is made. */
export function* parquetBytes(options: ParquetOptions): Generator<Uint8Array> {
  const writer = new ByteWriter();
  const parquet = new ParquetWriter({ writer, schema: schemaOf(options), createdBy: 'sandbox' });
  for (const group of groupsOf(options.charges, options.rowGroupRows)) {
    const columnData = options.columns.map((column) => ({ name: column.name, data: valuesOf(column, group, options) }));
    // only writers with a `flush` make this a promise
    void parquet.write({ columnData, rowGroupSize: group.length });
    yield drain(writer);
  }
  void parquet.finish();
  yield drain(writer);
}

/** What was written since the last call; `offset`, the position in the file, goes on. */
function drain(writer: ByteWriter): Uint8Array {
  const bytes = writer.getBytes().slice();
  writer.index = 0;
  return bytes;
}

function* groupsOf(charges: Iterable<Charge>, rows: number): Generator<readonly Charge[]> {
  let group: Charge[] = [];
  for (const charge of charges) {
    group.push(charge);
    if (group.length < rows) continue;
    yield group;
    group = [];
  }
  if (group.length > 0) yield group;
}

function schemaOf({ columns, isRequired, mapsAs }: ParquetOptions): SchemaElement[] {
  const repetition = isRequired ? 'REQUIRED' : 'OPTIONAL';
  const elements = columns.flatMap((column) => elementsOf(column, repetition, mapsAs));
  return [{ name: 'spark_schema', num_children: columns.length }, ...elements];
}

function elementsOf(
  { name, type }: Column,
  repetition: 'REQUIRED' | 'OPTIONAL',
  mapsAs: ParquetOptions['mapsAs'],
): readonly SchemaElement[] {
  if (type === 'double') return [{ name, type: 'DOUBLE', repetition_type: repetition }];
  if (type === 'timestamp')
    return [{ name, type: 'INT64', converted_type: 'TIMESTAMP_MILLIS', repetition_type: repetition }];
  if (type === 'map' && mapsAs === 'map') return mapElements(name);
  return [{ name, type: 'BYTE_ARRAY', converted_type: 'UTF8', repetition_type: repetition }];
}

function mapElements(name: string): SchemaElement[] {
  return [
    { name, converted_type: 'MAP', repetition_type: 'OPTIONAL', num_children: 1 },
    { name: 'key_value', repetition_type: 'REPEATED', num_children: 2 },
    { name: 'key', type: 'BYTE_ARRAY', converted_type: 'UTF8', repetition_type: 'REQUIRED' },
    { name: 'value', type: 'BYTE_ARRAY', converted_type: 'UTF8', repetition_type: 'OPTIONAL' },
  ];
}

function valuesOf(column: Column, group: readonly Charge[], { isRequired, mapsAs }: ParquetOptions): unknown[] {
  switch (column.type) {
    case 'double':
      return group.map((charge) => doubleOf(column.value(charge)) ?? (isRequired ? 0 : null));
    case 'timestamp':
      return group.map((charge) => millisOf(column.value(charge)) ?? (isRequired ? 0n : null));
    case 'map':
      return group.map((charge) => (mapsAs === 'map' ? column.value(charge) : JSON.stringify(column.value(charge))));
    case 'text':
      return group.map((charge) => column.value(charge) ?? (isRequired ? '' : null));
  }
}

/** The double nearest to the exact amount; ten places of up to five digits before the point survive it. */
function doubleOf(amount: bigint | null): number | null {
  return amount === null ? null : Number(decimalText(amount));
}

function millisOf(millis: number | null): bigint | null {
  return millis === null ? null : BigInt(millis);
}
