import { quoteQualified } from '../../db/identifier.ts';
import { nameOf } from './key-order.ts';
import { column, orderBy, type RangeRequest, rangeCondition, rowAlias } from './range-condition.ts';
import type { TableDefinition } from './table-definition.ts';

/** What `copyOut` takes. */
export interface LinesStatement {
  readonly statement: string;
  /** `public.ledger` */
  readonly subject: string;
}

export interface DeleteRequest extends RangeRequest {
  /** Quoted name of a table with the same columns, into which the rows go; absent: they are deleted. */
  readonly undoTable?: string | undefined;
}

/** Sends the lines of a range in key order: all columns, those of partitions and inheriting tables through their parent. */
export function selectRange(request: RangeRequest): LinesStatement {
  const { definition, key } = request;
  const select = `select ${columnList(definition, rowAlias)} from ${tableOf(definition)}
    where ${rangeCondition(request)} order by ${orderBy(key, rowAlias)}`;
  return { statement: `copy (${select}) to stdout`, subject: nameOf(definition) };
}

/** Deletes a range and sends the lines of exactly the rows that it deleted, in key order. */
export function deleteRange(request: DeleteRequest): LinesStatement {
  const { definition, key, undoTable } = request;
  const kept = undoTable === undefined ? '' : `, kept as (insert into ${undoTable} select * from gone)`;
  const statement = `copy (
    with gone as (delete from ${tableOf(definition)} where ${rangeCondition(request)} returning ${columnList(definition, rowAlias)})${kept}
    select ${columnList(definition, 'g')} from gone as g order by ${orderBy(key, 'g')}) to stdout`;
  return { statement, subject: nameOf(definition) };
}

function tableOf({ schema, table }: TableDefinition): string {
  return `${quoteQualified(schema, table)} as ${rowAlias}`;
}

function columnList(definition: TableDefinition, alias: string): string {
  return definition.columns.map(({ name }) => column(alias, name)).join(', ');
}
