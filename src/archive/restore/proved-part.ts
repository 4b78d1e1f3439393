import { createHash } from 'node:crypto';
import type { ArchiveStore } from '../../aws/archive-store.ts';
import { type ByteSource, byteSource } from '../../aws/byte-source.ts';
import { AppError } from '../../errors.ts';
import { type OpenedPart, openPart } from '../../parquet/read-part.ts';
import type { PartRecord, UnitRecord } from '../../registry/archive/unit-record.ts';
import { definitionKeyName, readFooter } from '../export/footer.ts';
import { definitionDigest } from '../manifest/definition-digest.ts';
import type { TableDefinition } from '../source/table-definition.ts';

export interface ProvedPartOptions {
  readonly store: ArchiveStore;
  readonly unit: Pick<UnitRecord, 'source' | 'schema' | 'table' | 'month'>;
  readonly part: PartRecord;
  readonly signal?: AbortSignal | undefined;
}

/** A stored part whose lines prove themselves while they are read. */
export interface ProvedPart extends AsyncDisposable {
  /** Of the table that the rows were in, as the footer has it; its digest is the one on record. */
  readonly definition: TableDefinition;

  /**
   * The part's lines. It ends only when the rows, their digest and every byte of the file are those on record: whoever has
   * not seen its end has seen nothing that counts.
   * @throws AppError PROOF_FAILED naming what differs, FILE_COLD, PARQUET_INVALID, or transient
   */
  lines(): AsyncGenerator<Buffer, void>;
}

/** @throws AppError PROOF_FAILED, FILE_MISSING, FILE_COLD, PARQUET_INVALID, or transient */
export async function openProvedPart(options: ProvedPartOptions): Promise<ProvedPart> {
  const { store, part, signal } = options;
  if (part.versionId === null) {
    throw new AppError('ILLEGAL_STATE', `part ${part.key} is ${part.state}: it has no version`);
  }
  const { etag, sizeBytes } = await store.head(part.key, part.versionId, signal === undefined ? {} : { signal });
  require(part, 'size in bytes', sizeBytes, part.sizeBytes);
  const bytes = byteSource(store.readerOf(part.versionId), { key: part.key, sizeBytes, etag, signal });
  try {
    const file = await openPart(bytes, signal === undefined ? {} : { signal });
    try {
      return new OpenProvedPart(file, bytes, part, readDefinition(file, options));
    } catch (error) {
      await file.close();
      throw error;
    }
  } catch (error) {
    await bytes.close();
    throw error;
  }
}

class OpenProvedPart implements ProvedPart {
  readonly #file: OpenedPart;
  readonly #bytes: ByteSource;
  readonly #part: PartRecord;
  readonly definition: TableDefinition;

  constructor(file: OpenedPart, bytes: ByteSource, part: PartRecord, definition: TableDefinition) {
    this.#file = file;
    this.#bytes = bytes;
    this.#part = part;
    this.definition = definition;
  }

  async *lines(): AsyncGenerator<Buffer, void> {
    const digest = createHash('sha256');
    for await (const chunk of this.#file.lines()) {
      digest.update(chunk);
      yield chunk;
    }
    require(this.#part, 'digest of the rows', digest.digest('hex'), this.#part.digest);
    const { sha256 } = await this.#bytes.finish();
    require(this.#part, 'SHA-256 of the file', sha256, this.#part.sha256);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#file.close();
    await this.#bytes.close();
  }
}

function readDefinition(file: OpenedPart, { part, unit }: ProvedPartOptions): TableDefinition {
  const footer = readFooter(file.metadata);
  require(part, 'source in the footer', footer.source, unit.source);
  require(part, 'table in the footer', footer.table, `${unit.schema}.${unit.table}`);
  require(part, 'month in the footer', footer.month, unit.month);
  require(part, 'number in the footer', footer.part, part.ordinal);
  require(part, 'rows in the footer', file.rowCount, part.rows);
  const text = file.metadata.get(definitionKeyName) ?? 'null';
  const definition = parseJson(text);
  require(part, 'SHA-256 of the definition', definitionDigest(definition), part.definitionSha256);
  return definition as TableDefinition;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // Its digest will be none.
    return undefined;
  }
}

function require(
  { bucket, key }: PartRecord,
  what: string,
  found: string | number | undefined,
  wanted: string | number,
): void {
  if (found === wanted) return;
  throw new AppError(
    'PROOF_FAILED',
    `part s3://${bucket}/${key}: ${what} is ${String(found).slice(0, 100)}, on record is ${wanted}; nothing of it is restored`,
  );
}
