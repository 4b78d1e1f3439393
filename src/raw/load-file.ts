import type pg from 'pg';
import { copyIn } from '../db/copy-in.ts';
import { quoteIdentifier } from '../db/identifier.ts';
import { inTransaction } from '../db/transaction.ts';
import { AppError } from '../errors.ts';
import { step } from '../steps.ts';
import { fileIdColumn, moreColumn, rowColumn } from './column-names.ts';
import { fileIdSetting } from './ensure-delivery-table.ts';
import type { KnownColumn } from './plan-columns.ts';
import { type DeliveryTable, quoteDeliveryTable } from './table-names.ts';

/** A transaction that nobody speaks to for this long belongs to a stalled download or a dead worker. */
const idleInTransactionMillis = 15 * 60_000;

export interface LoadedFile {
  readonly fileId: number;
  readonly deliveryId: number;
  readonly generation: number;
  readonly rows: number;
  readonly bytes: number;
  readonly sha256: string;
}

export interface FileToLoad {
  readonly fileId: number;
  readonly generation: number;
  readonly bucket: string;
  readonly key: string;
  readonly etag: string;
  readonly versionId: string | null;
  readonly target: DeliveryTable;
}

/** The rows of one file on their way in; made after the file's turn has come, and before anything was written. */
export interface RowSource {
  /** Where each column of the data goes, in its order; `_row` comes before them, `_more` after them when any goes there. */
  readonly columns: readonly KnownColumn[];
  /** COPY's own formats; in both, the first field is the row's position from 1. */
  readonly format: 'csv' | 'text';
  readonly data: AsyncIterable<Uint8Array>;
  /** Once `data` has ended: what was read. */
  finish(): Promise<{ readonly rows: number; readonly bytes: number; readonly sha256: string }>;
}

export type LoadOutcome =
  /** The rows and the record of the file were committed together. */
  | { readonly outcome: 'loaded'; readonly file: LoadedFile }
  /** This generation of the file is in already: a worker died between the commit and the registry. */
  | { readonly outcome: 'already-loaded'; readonly file: LoadedFile }
  /** Another transaction is at this very file. */
  | { readonly outcome: 'busy' };

/**
 * Loads one file in one transaction: the lock on the file, the rows of an older generation out, the new rows and the
 * record of the file in. Whatever dies, both are there or neither is.
 * @param open reads the header and prepares the table; called once the file is ours
 */
export async function loadFile(
  pool: pg.Pool,
  file: FileToLoad,
  open: () => Promise<RowSource>,
  signal?: AbortSignal,
): Promise<LoadOutcome> {
  const result = await inTransaction(pool, async (client): Promise<LoadOutcome> => {
    await client.query(`set local idle_in_transaction_session_timeout = ${idleInTransactionMillis}`);
    if (!(await lockFile(client, file.fileId))) return { outcome: 'busy' };
    const before = await readLoaded(client, file.fileId);
    if (before !== undefined && before.generation >= file.generation)
      return { outcome: 'already-loaded', file: before };
    const source = await open();
    if (before !== undefined) await deleteRows(client, file);
    const copied = await copyRows(client, file, source, signal);
    const read = await source.finish();
    if (copied !== read.rows) {
      throw new AppError('INTERNAL', `file ${file.key}: ${read.rows} rows were sent and PostgreSQL counted ${copied}`);
    }
    const loaded = { fileId: file.fileId, deliveryId: file.target.deliveryId, generation: file.generation, ...read };
    await recordLoaded(client, file, loaded);
    step('file.before-commit', file.fileId);
    return { outcome: 'loaded', file: loaded };
  });
  if (result.outcome === 'loaded') step('file.after-commit', file.fileId);
  return result;
}

async function lockFile(client: pg.PoolClient, fileId: number): Promise<boolean> {
  const { rows } = await client.query<{ locked: boolean }>(
    'select pg_try_advisory_xact_lock(hashtextextended($1, 0)) as locked',
    [`billvault:file:${fileId}`],
  );
  return rows[0]?.locked === true;
}

async function deleteRows(client: pg.PoolClient, { fileId, target }: FileToLoad): Promise<void> {
  await client.query(`delete from ${quoteDeliveryTable(target)} where ${fileIdColumn} = $1`, [fileId]);
}

async function copyRows(
  client: pg.PoolClient,
  file: FileToLoad,
  source: RowSource,
  signal?: AbortSignal,
): Promise<number> {
  await client.query('select set_config($1, $2, true)', [fileIdSetting, String(file.fileId)]);
  const own = source.columns.filter(({ inMore }) => !inMore).map(({ columnName }) => quoteIdentifier(columnName));
  const more = source.columns.some(({ inMore }) => inMore) ? [moreColumn] : [];
  const statement = `copy ${quoteDeliveryTable(file.target)} (${[rowColumn, ...own, ...more].join(', ')}) from stdin (format ${source.format})`;
  return copyIn(client, { statement, data: source.data, ...(signal && { signal }) });
}

async function readLoaded(client: pg.PoolClient | pg.Pool, fileId: number): Promise<LoadedFile | undefined> {
  return (await readLoadedFiles(client, [fileId]))[0];
}

/** Which of these files the raw database holds, and as which generation. */
export async function readLoadedFiles(
  client: pg.PoolClient | pg.Pool,
  fileIds: readonly number[],
): Promise<readonly LoadedFile[]> {
  const { rows } = await client.query<
    Record<'file_id' | 'delivery_id' | 'rows' | 'bytes', string> & { generation: number; sha256: string }
  >(`select file_id, delivery_id, generation, rows, bytes, sha256 from billvault.loaded_file where file_id = any($1)`, [
    fileIds,
  ]);
  return rows.map((row) => ({
    fileId: Number(row.file_id),
    deliveryId: Number(row.delivery_id),
    generation: row.generation,
    rows: Number(row.rows),
    bytes: Number(row.bytes),
    sha256: row.sha256,
  }));
}

async function recordLoaded(client: pg.PoolClient, file: FileToLoad, loaded: LoadedFile): Promise<void> {
  await client.query(
    `insert into billvault.loaded_file (file_id, delivery_id, generation, bucket, key, etag, version_id, rows, bytes, sha256)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
     on conflict (file_id) do update
       set generation = excluded.generation, bucket = excluded.bucket, key = excluded.key, etag = excluded.etag,
           version_id = excluded.version_id, rows = excluded.rows, bytes = excluded.bytes, sha256 = excluded.sha256,
           loaded_at = now()`,
    [
      file.fileId,
      loaded.deliveryId,
      file.generation,
      file.bucket,
      file.key,
      file.etag,
      file.versionId,
      loaded.rows,
      loaded.bytes,
      loaded.sha256,
    ],
  );
}
