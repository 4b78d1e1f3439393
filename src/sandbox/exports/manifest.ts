import type { Column } from './column.ts';
import { columnsOf, type MadeFormat, type MadeKind } from './file.ts';
import type { Month } from './month.ts';
import { uuidFrom } from './random.ts';
import { payerAccountId } from './workload.ts';

export interface ManifestOptions {
  readonly kind: MadeKind;
  readonly format: MadeFormat;
  readonly bucket: string;
  readonly name: string;
  readonly month: Month;
  readonly executionId: string;
  readonly dataKeys: readonly string[];
}

/** The manifest as AWS writes it: legacy reports name bucket-relative keys, data exports s3:// locations. */
export function manifestBytes(options: ManifestOptions): Uint8Array {
  const content = options.kind === 'cur-legacy' ? legacyManifest(options) : dataExportManifest(options);
  return Buffer.from(JSON.stringify(content, null, 2));
}

function legacyManifest({ format, bucket, name, month, executionId, dataKeys }: ManifestOptions): object {
  const isParquet = format === 'parquet';
  return {
    assemblyId: executionId,
    account: payerAccountId,
    columns: columnsOf('cur-legacy', 'csv').map(legacyColumn),
    charset: 'UTF-8',
    compression: isParquet ? 'Parquet' : format === 'csv.zip' ? 'ZIP' : 'GZIP',
    contentType: isParquet ? 'Parquet' : 'text/csv',
    reportId: uuidFrom(name).replaceAll('-', '').repeat(2),
    reportName: name,
    billingPeriod: { start: instant(month.startMillis), end: instant(month.endMillis) },
    bucket,
    reportKeys: dataKeys,
    additionalArtifactKeys: [],
  };
}

function legacyColumn({ name, type }: Column): object {
  const slash = name.indexOf('/');
  return { category: name.slice(0, slash), name: name.slice(slash + 1), type: legacyTypes[type] };
}

const legacyTypes = {
  text: 'OptionalString',
  double: 'OptionalBigDecimal',
  timestamp: 'DateTime',
  map: 'OptionalString',
} as const;

function dataExportManifest({ kind, format, bucket, name, executionId, dataKeys }: ManifestOptions): object {
  return {
    executionId,
    exportArn: `arn:aws:bcm-data-exports:us-east-1:${payerAccountId}:export/${name}-${uuidFrom(name)}`,
    columns: columnsOf(kind, format).map(({ name: column, type }) => ({ name: column, type: typeOf(kind, type) })),
    dataFiles: dataKeys.map((key) => `s3://${bucket}/${key}`),
    additionalOutputFiles: [],
  };
}

/** CUR 2.0 manifests declare maps as strings. */
function typeOf(kind: MadeKind, type: Column['type']): string {
  if (type === 'text' || (type === 'map' && kind === 'cur2')) return 'string';
  return type;
}

/** `20260501T000000.000Z`. */
function instant(millis: number): string {
  return new Date(millis).toISOString().replace(/[-:]/g, '');
}
