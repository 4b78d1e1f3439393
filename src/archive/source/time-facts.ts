import type pg from 'pg';
import { toDatabaseError } from '../../db/database-error.ts';
import { quoteQualified } from '../../db/identifier.ts';
import { AppError, isAppError } from '../../errors.ts';
import { type Month, monthEnd, monthStart, nextMonth } from '../month.ts';
import { nameOf, timeTypeOf } from './key-order.ts';
import { column, instantLiteral, rowAlias } from './range-condition.ts';
import type { TableDefinition } from './table-definition.ts';

/** A hundred years: more months are not a table's history but its garbage, and each is a statement. */
const maxMonths = 1_200;
/** As far as src/archive/month.ts goes. */
const firstMonth: Month = '0001-01';
const lastMonth: Month = '9999-12';
const defaultStatementTimeoutSeconds = 600;

export interface TimeFacts {
  /** Months in which there are rows, ascending, up to the month asked for. */
  readonly months: readonly { readonly month: Month; readonly rows: number }[];
  /** PostgreSQL's text of the first and the last time that belongs to a month; null: there is none. */
  readonly oldest: string | null;
  readonly newest: string | null;
  readonly nullTimeRows: number;
  /** Rows whose time lies before the year 1 or after 9999, or is infinite: they belong to no month. */
  readonly infiniteTimeRows: number;
}

export interface TimeFactsOptions {
  readonly definition: TableDefinition;
  readonly timeColumn: string;
  /** An index begins with the time: months are then counted one by one, and only those asked for. */
  readonly isTimeOrdered: boolean;
  /** Later months are not counted. */
  readonly upTo?: Month | undefined;
  /** Of each statement. */
  readonly statementTimeoutSeconds?: number;
  /** Awaited between two statements: where a throttle waits. */
  readonly pause?: () => Promise<void>;
}

/**
 * Counts a table's rows by month, in the caller's transaction.
 * @throws AppError TIMEOUT; BAD_INPUT for too many months; POLICY_INVALID for a column that is no time
 */
export async function readTimeFacts(client: pg.ClientBase, options: TimeFactsOptions): Promise<TimeFacts> {
  const { definition, statementTimeoutSeconds = defaultStatementTimeoutSeconds } = options;
  const counting = new Counting(client, options);
  await client.query(`set local statement_timeout = '${statementTimeoutSeconds}s'`);
  try {
    const facts = options.isTimeOrdered ? await counting.byIndex() : await counting.byScan();
    await client.query('set local statement_timeout = 0');
    return facts;
  } catch (error) {
    const mapped = toDatabaseError(error);
    if (!isAppError(mapped, 'TIMEOUT')) throw mapped;
    const text = `counting the rows of ${nameOf(definition)} by month took more than ${statementTimeoutSeconds} s: an index on ${options.timeColumn} would help`;
    throw new AppError('TIMEOUT', text, { cause: error });
  }
}

class Counting {
  readonly #client: pg.ClientBase;
  readonly #options: TimeFactsOptions;
  readonly #table: string;
  readonly #time: string;
  readonly #literal: (instant: Date) => string;

  constructor(client: pg.ClientBase, options: TimeFactsOptions) {
    const { definition, timeColumn } = options;
    const type = timeTypeOf(definition, timeColumn);
    this.#client = client;
    this.#options = options;
    this.#table = `${quoteQualified(definition.schema, definition.table)} as ${rowAlias}`;
    this.#time = column(rowAlias, timeColumn);
    this.#literal = (instant) => instantLiteral(instant, type);
  }

  async byIndex(): Promise<TimeFacts> {
    const { upTo } = this.#options;
    const ends = await this.#ask<{ oldest: string | null; newest: string | null }>(
      `min(${this.#time})::text as oldest, max(${this.#time})::text as newest`,
      this.#inAnyMonth(),
    );
    const outside = await this.#ask<{ nulls: string; infinite: string }>(
      `count(*) filter (where ${this.#time} is null) as nulls, count(${this.#time}) as infinite`,
      `(${this.#time} is null or ${this.#isInfinite()})`,
    );
    const months: { month: Month; rows: number }[] = [];
    for (let month = await this.#firstMonth(firstMonth); month !== null && !(upTo !== undefined && month > upTo); ) {
      if (months.length === maxMonths) throw this.#tooMany();
      const { rows } = await this.#ask<{ rows: string }>(
        'count(*) as rows',
        this.#between(monthStart(month), monthEnd(month)),
      );
      months.push({ month, rows: Number(rows) });
      month = month === lastMonth ? null : await this.#firstMonth(nextMonth(month));
    }
    return { months, ...ends, nullTimeRows: Number(outside.nulls), infiniteTimeRows: Number(outside.infinite) };
  }

  /** Reads the whole table, once. */
  async byScan(): Promise<TimeFacts> {
    const { rows } = await this.#client.query<{ month: string; rows: string; oldest: string; newest: string }>(
      `select case when ${this.#time} is null then 'null' when ${this.#isInfinite()} then 'infinite'
                   else to_char(${this.#time}, 'YYYY-MM') end as month,
              count(*) as rows, min(${this.#time})::text as oldest, max(${this.#time})::text as newest
       from ${this.#table} group by 1 order by 1 limit ${maxMonths + 3}`,
    );
    const months = rows.filter(({ month }) => month !== 'null' && month !== 'infinite');
    if (months.length > maxMonths) throw this.#tooMany();
    const countOf = (kind: string) => Number(rows.find(({ month }) => month === kind)?.rows ?? 0);
    const { upTo } = this.#options;
    return {
      months: months
        .filter(({ month }) => upTo === undefined || month <= upTo)
        .map(({ month, rows: count }) => ({ month, rows: Number(count) })),
      oldest: months.at(0)?.oldest ?? null,
      newest: months.at(-1)?.newest ?? null,
      nullTimeRows: countOf('null'),
      infiniteTimeRows: countOf('infinite'),
    };
  }

  /** The first month, from this one on, that has rows. */
  async #firstMonth(from: Month): Promise<Month | null> {
    const { month } = await this.#ask<{ month: Month | null }>(
      `to_char(min(${this.#time}), 'YYYY-MM') as month`,
      this.#between(monthStart(from), monthEnd(lastMonth)),
    );
    return month;
  }

  async #ask<T extends pg.QueryResultRow>(columns: string, condition: string): Promise<T> {
    await this.#options.pause?.();
    const { rows } = await this.#client.query<T>(`select ${columns} from ${this.#table} where ${condition}`);
    const [row] = rows;
    if (row === undefined) throw new AppError('INTERNAL', 'an aggregate gave no row');
    return row;
  }

  #inAnyMonth(): string {
    return this.#between(monthStart(firstMonth), monthEnd(lastMonth));
  }

  #isInfinite(): string {
    return `(${this.#time} < ${this.#literal(monthStart(firstMonth))} or ${this.#time} >= ${this.#literal(monthEnd(lastMonth))})`;
  }

  #between(start: Date, end: Date): string {
    return `${this.#time} >= ${this.#literal(start)} and ${this.#time} < ${this.#literal(end)}`;
  }

  #tooMany(): AppError {
    return new AppError('BAD_INPUT', `${nameOf(this.#options.definition)} has rows in more than ${maxMonths} months`);
  }
}
