import { type ExportKind, exportKinds } from '../export/export-kind.ts';
import type { Registry } from '../registry.ts';
import { safeInteger } from '../safe-integer.ts';

/** The newest delivery of one export's period: what a discovery compares a listing with. */
export interface KnownPeriod {
  readonly root: string;
  readonly kind: ExportKind;
  readonly payerAccount: string | undefined;
  readonly periodStart: string;
  readonly manifest:
    | { readonly key: string; readonly etag: string; readonly sizeBytes: number; readonly lastModified: Date }
    | undefined;
}

interface Row {
  readonly root: string;
  readonly kind: string;
  readonly payer: string | null;
  readonly period: string;
  readonly key: string | null;
  readonly etag: string | null;
  readonly size: bigint | null;
  readonly modified: Date | null;
  readonly missing: boolean;
}

/**
 * One client's newest deliveries in one bucket. A delivery with a file missing from the bucket is given without its
 * manifest: that is to be read again, for the file may have come.
 */
export async function listKnownPeriods(
  registry: Registry,
  where: { readonly clientId: number; readonly bucket: string },
): Promise<readonly KnownPeriod[]> {
  const rows = await registry.$queryRaw<Row[]>`
    select distinct on (d.export_id, d.period_start)
           e.root, e.kind::text as kind, e.payer_account as payer, d.period_start::text as period,
           d.manifest_key as key, d.manifest_etag as etag, d.manifest_size_bytes as size,
           d.manifest_last_modified as modified,
           exists (select from registry.file f
                    where f.delivery_id = d.id and f.status = 'FAILED' and f.error_code = 'FILE_MISSING') as missing
      from registry.delivery d
      join registry.export e on e.id = d.export_id
     where e.client_id = ${where.clientId} and e.bucket = ${where.bucket}
     order by d.export_id, d.period_start, d.id desc`;
  return rows.map((row) => ({
    root: row.root,
    kind: exportKinds.find((kind) => kind === row.kind) ?? 'files',
    payerAccount: row.payer ?? undefined,
    periodStart: row.period,
    manifest: row.missing ? undefined : manifestOf(row),
  }));
}

function manifestOf({ key, etag, size, modified }: Row): KnownPeriod['manifest'] {
  if (key === null || etag === null || size === null || modified === null) return undefined;
  return { key, etag, sizeBytes: safeInteger(size), lastModified: modified };
}
