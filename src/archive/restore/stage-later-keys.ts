import type pg from 'pg';
import { copyIn } from '../../db/copy-in.ts';
import { quoteIdentifier } from '../../db/identifier.ts';
import { linesOf } from '../compare/row-set.ts';
import { openProvedPart } from './proved-part.ts';
import type { PutRows } from './put-rows.ts';
import { stagedName, stagingTable } from './stage-rows.ts';

const laterTable = 'pg_temp.billvault_later_keys';
const tab = 9;

export interface LaterKeys {
  /** SQL that is true for a staged row `s` of which no later part has newer values. */
  readonly condition: string;
  readonly superseded: number;
}

/**
 * A row that was purged, came again with other values under its key, and was archived again is in two parts: the later one
 * counts. Keys are compared as the source server printed them.
 */
export async function stageLaterKeys(client: pg.PoolClient, put: PutRows): Promise<LaterKeys> {
  const { job, archived, mapping } = put;
  const { laterParts, signal } = job;
  if (laterParts.length === 0) return { condition: 'true', superseded: 0 };
  const names = keyOf(put);
  const definitions = names.map((_, index) => `${quoteIdentifier(stagedName(index))} text`);
  await client.query(`create table ${laterTable} (${definitions.join(', ')}) on commit drop`);
  for (const part of laterParts) {
    await using proved = await openProvedPart({ ...job, part });
    const positions = names.map((name) => proved.definition.columns.findIndex((column) => column.name === name));
    // A table that has lost its key columns since has no newer values of these rows.
    if (positions.includes(-1)) continue;
    await copyIn(client, {
      statement: `copy ${laterTable} from stdin`,
      data: fieldsOf(proved.lines(), positions),
      signal,
    });
  }
  const same = names.map((name, index) => {
    const staged = archived.columns.findIndex((column) => column.name === name);
    const value = `s.${quoteIdentifier(stagedName(staged))}`;
    const text = mapping.columns[staged]?.kind === 'same' ? `format('%s', ${value})` : value;
    return `l.${quoteIdentifier(stagedName(index))} = ${text}`;
  });
  const condition = `not exists (select from ${laterTable} l where ${same.join(' and ')})`;
  const { rows } = await client.query<{ superseded: number }>(
    `select count(*)::float8 as superseded from ${stagingTable} s where not (${condition})`,
  );
  return { condition, superseded: rows[0]?.superseded ?? 0 };
}

/** By what a row stays the same one when its other values change. */
function keyOf({ archived, job }: PutRows): readonly string[] {
  const { timeColumn, keyColumns } = job.unit;
  if (archived.primaryKey.length > 0) return archived.primaryKey;
  return timeColumn === null ? keyColumns : [timeColumn, ...keyColumns];
}

/** The raw fields at some positions of every line: COPY text again. */
async function* fieldsOf(lines: AsyncIterable<Buffer>, positions: readonly number[]): AsyncGenerator<Buffer, void> {
  for await (const chunk of lines) {
    const rows: Buffer[] = [];
    for (const line of linesOf(chunk)) rows.push(fieldsAt(line, positions));
    yield Buffer.concat(rows);
  }
}

function fieldsAt(line: Buffer, positions: readonly number[]): Buffer {
  const fields: string[] = [];
  const text = line.toString('latin1', 0, line.length - 1);
  const all = text.split(String.fromCharCode(tab));
  for (const position of positions) fields.push(all[position] ?? '');
  return Buffer.from(`${fields.join(String.fromCharCode(tab))}\n`, 'latin1');
}
