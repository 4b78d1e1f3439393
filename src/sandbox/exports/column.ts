import type { Amount } from './amount.ts';
import type { Charge } from './charge.ts';

/** `null` is no value, `''` an empty one: CSV writes the first as nothing and the second as `""`. */
export type Column = TextColumn | DoubleColumn | TimestampColumn | MapColumn;

interface ColumnBase {
  readonly name: string;
  /** Of what the value is a fact. Everything but `charge` is written once and remembered, which is what makes makers fast. */
  readonly scope: Scope;
}

export type Scope = 'month' | 'offer' | 'workload' | 'charge';

export interface TextColumn extends ColumnBase {
  readonly type: 'text';
  readonly value: (charge: Charge) => string | null;
}

export interface DoubleColumn extends ColumnBase {
  readonly type: 'double';
  readonly value: (charge: Charge) => Amount | null;
}

/** Milliseconds since 1970, UTC. */
export interface TimestampColumn extends ColumnBase {
  readonly type: 'timestamp';
  readonly value: (charge: Charge) => number | null;
}

/** JSON text in CSV, MAP in parquet. */
export interface MapColumn extends ColumnBase {
  readonly type: 'map';
  readonly value: (charge: Charge) => Readonly<Record<string, string>> | null;
}

export function text(name: string, scope: Scope, value: TextColumn['value']): TextColumn {
  return { type: 'text', name, scope, value };
}

export function double(name: string, value: DoubleColumn['value']): DoubleColumn {
  return { type: 'double', name, scope: 'charge', value };
}

export function timestamp(name: string, scope: Scope, value: TimestampColumn['value']): TimestampColumn {
  return { type: 'timestamp', name, scope, value };
}

export function map(name: string, scope: Scope, value: MapColumn['value']): MapColumn {
  return { type: 'map', name, scope, value };
}

/** A column that this payer's bills never fill. */
export function empty(name: string): TextColumn {
  return text(name, 'month', () => null);
}
