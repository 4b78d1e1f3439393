import { createHash } from 'node:crypto';
import { byteSource } from '../../aws/byte-source.ts';
import { AppError, isAppError } from '../../errors.ts';
import { openPart } from '../../parquet/read-part.ts';
import type { PartRecord, UnitRecord } from '../../registry/archive/unit-record.ts';
import { definitionKeyName, readFooter } from '../export/footer.ts';
import { definitionDigest } from '../manifest/definition-digest.ts';
import { type RequireStoredRequest, requireStored, type StoredFacts } from './require-stored.ts';

export interface VerifyPartRequest extends RequireStoredRequest {
  readonly unit: Pick<UnitRecord, 'source' | 'schema' | 'table' | 'month' | 'mode'>;
}

/** What a full verification saw: all of it equal to what is on record, or it would have thrown. */
export interface PartProof extends StoredFacts {
  readonly rows: number;
  readonly digest: string;
  readonly sha256: string;
}

/**
 * Reads a part back by its version and proves it: lock and encryption as wanted, every byte of the file, and every row as
 * the line that the source server printed, part by part and range by range.
 * @throws AppError PROOF_FAILED naming what differs, LOCK_MISSING, ENCRYPTION_MISSING, FILE_MISSING, FILE_COLD, or transient
 */
export async function verifyPart(request: VerifyPartRequest): Promise<PartProof> {
  const stored = await requireStored(request);
  return { ...stored, ...(await proveContent(request, stored)) };
}

/**
 * Every byte and every row of a version, whatever its lock is.
 * @throws AppError PROOF_FAILED naming what differs, FILE_MISSING, FILE_COLD, what unreadable parquet gives, or transient
 */
export async function proveContent(
  request: VerifyPartRequest,
  { versionId, etag }: Pick<StoredFacts, 'versionId' | 'etag'>,
): Promise<Pick<PartProof, 'rows' | 'digest' | 'sha256'>> {
  const { store, part, unit, signal } = request;
  const object = { key: part.key, sizeBytes: part.sizeBytes, etag };
  const source = byteSource(store.readerOf(versionId), { ...object, ...(signal === undefined ? {} : { signal }) });
  try {
    const file = await openPart(source, signal === undefined ? {} : { signal });
    try {
      requireFooter(file.metadata, part, unit);
      require(part, 'rows in the footer', file.rowCount, part.rows);
      const digest = await digestLines(file.lines(), request);
      require(part, 'digest of the rows', digest, part.digest);
    } finally {
      await file.close();
    }
    const { sha256 } = await source.finish();
    require(part, 'SHA-256 of the file', sha256, part.sha256);
    return { rows: part.rows, digest: part.digest, sha256 };
  } catch (error) {
    if (!isAppError(error, 'PARQUET_INVALID', 'PARQUET_UNSUPPORTED', 'EXPANDS_TOO_MUCH')) throw error;
    // We wrote it: that it is no file of ours any more is a proof that failed, not a file of a client's.
    throw new AppError('PROOF_FAILED', `part s3://${part.bucket}/${part.key}: ${error.message}`, { cause: error });
  } finally {
    await source.close();
  }
}

const newline = 10;

/** Digests every range and the whole; every range is compared as soon as it is read. */
async function digestLines(lines: AsyncGenerator<Buffer, void>, { part }: VerifyPartRequest): Promise<string> {
  const whole = createHash('sha256');
  let rangeHash = createHash('sha256');
  let index = 0;
  let rowsLeft = part.ranges[0]?.rows ?? 0;
  for await (const chunk of lines) {
    whole.update(chunk);
    let start = 0;
    for (let end = chunk.indexOf(newline) + 1; end > 0; end = chunk.indexOf(newline, end) + 1) {
      rowsLeft--;
      if (rowsLeft > 0) continue;
      rangeHash.update(chunk.subarray(start, end));
      start = end;
      const range = part.ranges[index++];
      require(part, `digest of range ${range?.ordinal}`, rangeHash.digest('hex'), range?.sha256);
      rangeHash = createHash('sha256');
      rowsLeft = part.ranges[index]?.rows ?? 0;
    }
    rangeHash.update(chunk.subarray(start));
  }
  require(part, 'number of ranges', index, part.ranges.length);
  return whole.digest('hex');
}

function requireFooter(metadata: ReadonlyMap<string, string>, part: PartRecord, unit: VerifyPartRequest['unit']): void {
  const footer = readFooter(metadata);
  require(part, 'source in the footer', footer.source, unit.source);
  require(part, 'table in the footer', footer.table, `${unit.schema}.${unit.table}`);
  require(part, 'month in the footer', footer.month, unit.month);
  require(part, 'number in the footer', footer.part, part.ordinal);
  require(part, 'digest in the footer', footer.digest, part.digest);
  require(part, 'definition in the footer', footer.definition_sha256, part.definitionSha256);
  const definition = JSON.parse(metadata.get(definitionKeyName) ?? 'null') as unknown;
  require(part, 'SHA-256 of the definition in the footer', definitionDigest(definition), part.definitionSha256);
  require(part, 'ranges in the footer', JSON.stringify(footer.ranges), JSON.stringify(
    part.ranges.map(({ ordinal, rows, sha256 }) => ({ ordinal, rows, sha256 })),
  ));
}

function require(
  part: PartRecord,
  what: string,
  found: string | number | undefined,
  wanted: string | number | undefined,
): void {
  if (found === wanted) return;
  throw new AppError(
    'PROOF_FAILED',
    `part s3://${part.bucket}/${part.key}: ${what} is ${shorten(found)}, on record is ${shorten(wanted)}`,
  );
}

function shorten(value: string | number | undefined): string {
  return String(value).slice(0, 100);
}
