import type pg from 'pg';
import { quoteIdentifier, quoteLiteral } from '../../db/identifier.ts';
import { AppError } from '../../errors.ts';
import type { Comparison, MappedColumn } from './map-columns.ts';
import { stagedName, stagingTable } from './stage-rows.ts';

/** SQL that is true when the cast of the text `from` to the target's type says the same. */
const comparisons: Readonly<Record<Comparison, (from: string, cast: string) => string>> = {
  text: (from, cast) => `format('%s', ${cast}) = ${from}`,
  padded: (from, cast) => `rtrim(format('%s', ${cast}), ' ') = rtrim(${from}, ' ')`,
  number: (from, cast) => `(${cast})::numeric = ${from}::numeric`,
  instant: (from, cast) => `(${cast})::timestamp = ${from}::timestamp`,
};

/**
 * Casts every staged value of the columns whose type changed, and looks whether the target's type says the same.
 * @throws AppError SCHEMA_DRIFTED naming the first column and value that would change
 */
export async function requireLossless(client: pg.PoolClient, columns: readonly MappedColumn[]): Promise<void> {
  for (const [index, column] of columns.entries()) {
    if (column.kind === 'cast') await requireColumn(client, column, stagedName(index));
  }
}

async function requireColumn(
  client: pg.PoolClient,
  { name, type, compare }: Extract<MappedColumn, { readonly kind: 'cast' }>,
  staged: string,
): Promise<void> {
  const value = quoteIdentifier(staged);
  const isKept = comparisons[compare](value, `${value}::${type}`);
  const found = await tryQuery(
    client,
    `select ${value} as value from ${stagingTable} where ${value} is not null and not (${isKept}) limit 1`,
  );
  if (found.kind === 'done' && found.value === undefined) return;
  const bad =
    found.kind === 'done'
      ? { value: found.value ?? '', why: 'it would be changed' }
      : await findBad(client, type, value);
  throw new AppError(
    'SCHEMA_DRIFTED',
    `column ${name}: the archived value ${JSON.stringify(bad.value.slice(0, 200))} cannot become ${type} without loss (${bad.why}); restore into another table, or into a staging schema`,
  );
}

type Tried = { readonly kind: 'done'; readonly value: string | undefined } | { readonly kind: 'failed' };

/** An error of the cast must not end the transaction before it is known which value it was. */
async function tryQuery(client: pg.PoolClient, statement: string): Promise<Tried> {
  await client.query('savepoint cast_check');
  try {
    const { rows } = await client.query<{ value: string }>(statement);
    await client.query('release savepoint cast_check');
    return { kind: 'done', value: rows[0]?.value };
  } catch {
    await client.query('rollback to savepoint cast_check');
    return { kind: 'failed' };
  }
}

/** Value by value, until the cast fails: what COPY's input functions take is no table of ours. */
async function findBad(
  client: pg.PoolClient,
  type: string,
  value: string,
): Promise<{ readonly value: string; readonly why: string }> {
  const body = `
    declare v text;
    begin
      for v in select ${value} from ${stagingTable} where ${value} is not null loop
        begin
          perform v::${type};
        exception when others then
          perform set_config('billvault.bad_value', v, true), set_config('billvault.bad_reason', sqlerrm, true);
          return;
        end;
      end loop;
    end`;
  await client.query(`do ${quoteLiteral(body)}`);
  const { rows } = await client.query<{ value: string; why: string }>(
    `select coalesce(current_setting('billvault.bad_value', true), '') as value,
            coalesce(current_setting('billvault.bad_reason', true), '') as why`,
  );
  return rows[0] ?? { value: '', why: '' };
}
