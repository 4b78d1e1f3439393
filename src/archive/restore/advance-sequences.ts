import type pg from 'pg';
import { quoteIdentifier, quoteQualified } from '../../db/identifier.ts';
import type { TableDefinition } from '../source/table-definition.ts';

/** A sequence that was behind the restored rows: it would have given out their numbers again. */
export interface AdvancedSequence {
  readonly column: string;
  readonly sequence: string;
  readonly from: string;
  readonly to: string;
}

const integers = new Set(['pg_catalog.int2', 'pg_catalog.int4', 'pg_catalog.int8']);

/** Moves the sequences of the table's own columns past its greatest values, where they are behind; never back. */
export async function advanceSequences(
  client: pg.PoolClient,
  target: TableDefinition,
): Promise<readonly AdvancedSequence[]> {
  const advanced: AdvancedSequence[] = [];
  for (const { name, typeName, identity, default: expression } of target.columns) {
    const isNumbered = identity !== null || (expression?.includes('nextval(') ?? false);
    if (!isNumbered || !integers.has(typeName)) continue;
    const found = await advance(client, target, name);
    if (found !== undefined) advanced.push(found);
  }
  return advanced;
}

async function advance(
  client: pg.PoolClient,
  { schema, table }: TableDefinition,
  column: string,
): Promise<AdvancedSequence | undefined> {
  const name = quoteQualified(schema, table);
  const { rows: owned } = await client.query<{ sequence: string | null; increment: string | null }>(
    `select pg_get_serial_sequence($1, $2) as sequence,
            (select seqincrement::text from pg_sequence
              where seqrelid = pg_get_serial_sequence($1, $2)::regclass) as increment`,
    [name, column],
  );
  const { sequence = null, increment = null } = owned[0] ?? {};
  if (sequence === null || increment === null) return undefined;
  const isRising = !increment.startsWith('-');
  const furthest = `(select ${isRising ? 'max' : 'min'}(${quoteIdentifier(column)})::bigint from ${name})`;
  // What is read and what is set stand in one statement: an insert in between could only be one that met the rows anyway.
  const { rows } = await client.query<{ from: string; to: string }>(
    `with state as (select last_value, is_called, ${furthest} as furthest from ${sequence})
     select last_value::text as from, setval('${sequence.replaceAll("'", "''")}'::regclass, furthest)::text as to
       from state where ${isRising ? 'furthest > last_value' : 'furthest < last_value'} or (furthest = last_value and not is_called)`,
  );
  const moved = rows[0];
  return moved === undefined ? undefined : { column, sequence, ...moved };
}
