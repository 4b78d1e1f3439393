import assert from 'node:assert/strict';
import { createWriteStream } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';
import type { ColumnType, SourceColumn } from '../../src/db/column-type.ts';
import { openParquet } from '../../src/parquet/parquet-file.ts';
import { sourceOf } from './file-source.ts';

/** A reader that we did not write, and a folder for its files, both gone at the end. */
export class Duck implements AsyncDisposable {
  readonly connection: DuckDBConnection;
  readonly #instance: DuckDBInstance;
  readonly #folder: string;

  private constructor(instance: DuckDBInstance, connection: DuckDBConnection, folder: string) {
    this.#instance = instance;
    this.connection = connection;
    this.#folder = folder;
  }

  static async open(): Promise<Duck> {
    const instance = await DuckDBInstance.create(':memory:', { threads: '2' });
    return new Duck(instance, await instance.connect(), await mkdtemp(join(tmpdir(), 'billvault-parquet-')));
  }

  path(name: string): string {
    return join(this.#folder, name);
  }

  /** Has DuckDB write the answer of a query as parquet. */
  async write(name: string, query: string, options = ''): Promise<string> {
    const path = this.path(name);
    await this.connection.run(`copy (${query}) to '${path}' (format parquet${options === '' ? '' : `, ${options}`})`);
    return path;
  }

  async query(sql: string): Promise<unknown[][]> {
    const reader = await this.connection.runAndReadAll(sql);
    return reader.getRows();
  }

  /**
   * Holds every cell of our reading of a file against DuckDB's of the same file, in DuckDB. Answers how many cells were
   * compared. Columns that are compared in another way are left out by their index.
   */
  async compare(path: string, options: { readonly except?: ReadonlySet<number> } = {}): Promise<number> {
    const text = this.path('copied.txt');
    const file = await openParquet(await sourceOf(path));
    await pipeline(file.copyRows(), createWriteStream(text));
    await file.close();
    const source = `read_parquet('${path}', file_row_number = true)`;
    const cells = await this.compareText({ text, source, columns: file.columns, ...options });
    assert.equal(cells.rows, file.rowCount);
    return cells.compared;
  }

  /** The same for any COPY text, row number first, and anything that DuckDB reads with a `file_row_number`. */
  async compareText(reading: {
    readonly text: string;
    readonly source: string;
    readonly columns: readonly SourceColumn[];
    readonly except?: ReadonlySet<number>;
  }): Promise<{ readonly rows: number; readonly compared: number }> {
    const { text, source, columns, except } = reading;
    const theirs = (await this.columnNames(source)).filter((name) => name !== 'file_row_number');
    assert.equal(theirs.length, columns.length);
    const ours = columns.map((_, i) => `'ours${i}': 'varchar'`).join(', ');
    const checks = columns
      .map((column, i) =>
        except?.has(i) ? undefined : `count(*) filter (${differ(column, `ours${i}`, quote(theirs[i]))})`,
      )
      .filter((check) => check !== undefined);
    const [counts = []] = await this.query(`
      select count(*), count(*) filter (our_row::bigint is distinct from file_row_number + 1), ${checks.join(', ')}
      from read_csv('${text}', delim = '\t', quote = '', escape = '', nullstr = '\\N', header = false, auto_detect = false,
        max_line_size = 10000000, columns = {'our_row': 'varchar', ${ours}}) positional join
        (select * from ${source})`);
    const rows = Number(counts[0]);
    assert.deepEqual(
      counts.slice(1),
      counts.slice(1).map(() => 0n),
      'cells that differ, column by column',
    );
    return { rows, compared: rows * checks.length };
  }

  async columnNames(source: string): Promise<string[]> {
    const rows = await this.query(`describe select * from ${source}`);
    return rows.map(([name]) => String(name));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.connection.closeSync();
    this.#instance.closeSync();
    await rm(this.#folder, { recursive: true, force: true });
  }
}

function quote(name: string | undefined): string {
  return `"${(name ?? '').replaceAll('"', '""')}"`;
}

/** Where our text and DuckDB's value are not the same value. */
function differ({ type }: SourceColumn, ours: string, theirs: string): string {
  const sql: Record<ColumnType, string> = {
    boolean: `${ours} is distinct from case when ${theirs} then 't' when not ${theirs} then 'f' end`,
    bigint: `${ours} is distinct from ${theirs}::varchar`,
    numeric: `${ours} is distinct from ${theirs}::varchar`,
    'double precision': `${ours}::double is distinct from ${theirs}::double`,
    date: `${ours} is distinct from ${theirs}::varchar`,
    time: `${ours}::time is distinct from ${theirs}::time`,
    timestamp: `${ours} is distinct from ${theirs}::timestamp::varchar`,
    timestamptz: `${ours} is distinct from (make_timestamp(epoch_us(${theirs}))::varchar || '+00')`,
    bytea: `${ours} is distinct from '\\\\x' || lower(hex(${theirs}))`,
    jsonb: 'true',
    text: `${ours} is distinct from ${escapedSql(`${theirs}::varchar`)}`,
  };
  return sql[type];
}

function escapedSql(text: string): string {
  return `replace(replace(replace(replace(${text}, '\\', '\\\\'), chr(9), '\\t'), chr(10), '\\n'), chr(13), '\\r')`;
}
