import { AppError } from '../../errors.ts';
import type { Layout } from '../export/object-key.ts';
import type { TableDefinition } from '../source/table-definition.ts';
import { athenaDdl } from './athena.ts';
import { duckdbDdl } from './duckdb.ts';
import { trinoDdl } from './trino.ts';

export const dialects = ['athena', 'duckdb', 'trino'] as const;
export type Dialect = (typeof dialects)[number];

export interface ArchiveDdlRequest {
  readonly dialect: Dialect;
  /** `root` stands for `s3://<bucket>` where the archive was downloaded; without a slash at its end. */
  readonly destination: { readonly bucket: string; readonly prefix: string; readonly root?: string };
  /** The source database. */
  readonly source: string;
  /** The newest that was archived: older parts may lack some of its columns. */
  readonly definition: TableDefinition;
  readonly layout: Layout;
  /** Of any part: column → the column beside it with texts that its type cannot hold. */
  readonly spills?: Readonly<Record<string, string>>;
  /** First and last year that Athena looks for; every month of them is asked for where a query names none. */
  readonly years?: { readonly from: number; readonly to: number };
}

/**
 * SQL text that makes an archived table readable where it lies.
 * @throws AppError BAD_INPUT where the engine cannot read the layout
 */
export function archiveDdl(request: ArchiveDdlRequest): string {
  const { dialect, layout } = request;
  if (layout === 'flat' && dialect !== 'duckdb') {
    throw new AppError(
      'BAD_INPUT',
      `${dialect} reads whole folders, and in the layout "flat" tables and manifests share theirs: use duckdb, or archive with the layout "hive"`,
    );
  }
  switch (dialect) {
    case 'athena':
      return athenaDdl(request);
    case 'trino':
      return trinoDdl(request);
    case 'duckdb':
      return duckdbDdl(request);
  }
}
