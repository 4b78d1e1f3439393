import { mkdtempSync, rmSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { footerMetadata } from '../../../src/archive/export/footer.ts';
import { partKey } from '../../../src/archive/export/object-key.ts';
import { canonicalJson } from '../../../src/archive/manifest/canonical-json.ts';
import { combinedDigest } from '../../../src/archive/manifest/combined-digest.ts';
import type { ManifestFile } from '../../../src/archive/manifest/manifest.ts';
import { type ManifestBytes, manifestBytes } from '../../../src/archive/manifest/manifest-bytes.ts';
import { parquetTypeText } from '../../../src/archive/manifest/parquet-type-text.ts';
import type { Signer } from '../../../src/archive/manifest/signer.ts';
import { definitionSha256, type TableDefinition } from '../../../src/archive/source/table-definition.ts';
import { writerColumns } from '../../../src/archive/source/writer-columns.ts';
import { openPartWriter } from '../../../src/parquet/write/part-writer.ts';
import {
  definition as bareDefinition,
  madeContent,
  madeFile,
  madePrevious,
  sha256,
} from '../manifest/made-manifest.ts';

const [idColumn] = bareDefinition.columns;
if (idColumn === undefined) throw new Error('the definition has no column');

/** `pg_attribute.atttypmod` of numeric(12,2). */
const numeric12And2 = ((12 << 16) | 2) + 4;

export const definition: TableDefinition = {
  ...bareDefinition,
  columns: [
    idColumn,
    {
      ...idColumn,
      name: 'amount',
      position: 2,
      type: 'numeric(12,2)',
      typeName: 'pg_catalog.numeric',
      typmod: numeric12And2,
    },
    { ...idColumn, name: 'note', position: 3, type: 'text', typeName: 'pg_catalog.text', notNull: false },
    { ...idColumn, name: 'at', position: 4, type: 'timestamp with time zone', typeName: 'pg_catalog.timestamptz' },
  ],
};

const rangeRows = 10;
const settings = { TimeZone: 'UTC' };

/** COPY lines of a month's rows, some of them with values that parquet's types cannot hold. */
export function madeLines(month: string, rows: number, first = 1): string {
  return Array.from({ length: rows }, (_, i) => {
    const id = first + i;
    const amount = i % 7 === 3 ? 'NaN' : `${id}.50`;
    const at = i % 11 === 5 ? 'infinity' : `${month}-02 03:04:05.6789+00`;
    return `${id}\t${amount}\t${i % 3 === 0 ? '\\N' : `row\\t${id}`}\t${at}\n`;
  }).join('');
}

export interface MadePart {
  readonly file: ManifestFile;
  readonly bytes: Buffer;
}

/** A part as the archive writes it. `footer` changes what it says of itself. */
export async function madePart(
  { month, lines, part = 1, source = 'shop' }: { month: string; lines: string; part?: number; source?: string },
  footer: object = {},
): Promise<MadePart> {
  const columns = writerColumns(definition);
  const texts = lines.match(/.*\n/g) ?? [];
  const ranges = Array.from({ length: Math.ceil(texts.length / rangeRows) }, (_, i) => {
    const rows = texts.slice(i * rangeRows, (i + 1) * rangeRows);
    return { ordinal: i + 1, rows: rows.length, sha256: sha256(rows.join('')) };
  });
  const digest = sha256(lines);
  const definition_sha256 = definitionSha256(definition);
  await using writer = openPartWriter({ columns, compression: { codec: 'zstd', level: 3 } });
  await writer.write(Buffer.from(lines));
  const said = {
    archive_version: '1',
    source,
    table: 'public.ledger',
    month,
    mode: 'monthly',
    part,
    rows: texts.length,
  };
  const written = await writer.finish(
    footerMetadata(
      { ...said, digest, ranges, definition_sha256, settings, ...footer } as never,
      canonicalJson(definition),
    ),
  );
  const place = { prefix: 'archive', layout: 'hive', source, schema: 'public', table: 'ledger' } as const;
  return {
    bytes: Buffer.concat(written.chunks),
    file: {
      ...madeFile,
      records: texts.length,
      s3_key: partKey({ ...place, month, ordinal: part, sha256: written.sha256 }),
      size_bytes: written.sizeBytes,
      sha256: written.sha256,
      digest,
      part,
      ranges,
      definition_sha256,
      columns: columns.map(({ name, type }, i) => ({
        name,
        parquet_type: parquetTypeText(type),
        pg_type: definition.columns[i]?.type ?? '',
      })),
      spills: written.spills,
      null_counts: written.nullCounts,
    },
  };
}

/** A downloaded archive, below a prefix as in the bucket. */
export class MadeArchive implements Disposable {
  readonly folder = mkdtempSync(join(tmpdir(), 'billvault-offline-'));
  readonly manifests: (ManifestBytes & { readonly path: string })[] = [];
  readonly #signer: Signer;

  constructor(signer: Signer) {
    this.#signer = signer;
  }

  /** Adds a period's next manifest, and the files of these parts. */
  async add(period: string, parts: readonly MadePart[], previousUntil?: string): Promise<void> {
    await this.addManifest(
      period,
      parts.map(({ file }) => file),
      previousUntil,
    );
    for (const { file, bytes } of parts) await this.write(file.s3_key, bytes);
  }

  /** @param previousUntil what it says of the retention of the manifest before */
  async addManifest(
    period: string,
    files: readonly ManifestFile[],
    previousUntil: string = madePrevious.retain_until,
  ): Promise<void> {
    const before = this.manifests.at(-1);
    const sequence = this.manifests.length + 1;
    const digest = combinedDigest(files.map((file) => file.digest));
    const rows = files.reduce((sum, { records }) => sum + records, 0);
    const unit = { ...madeFile.unit, parts: files.length, rows, digest };
    const made = await manifestBytes(
      {
        ...madeContent,
        sequence,
        period,
        previous:
          before === undefined
            ? null
            : { sha256: before.sha256, sequence: sequence - 1, key: before.path, retain_until: previousUntil },
        files: files.map((file) => ({ ...file, unit })),
        definitions: { [definitionSha256(definition)]: { ...definition } },
      },
      this.#signer,
    );
    const path = `archive/_manifests/shop/${period.replace('-', '/')}/manifest-${String(sequence).padStart(6, '0')}.json`;
    this.manifests.push({ ...made, path });
    await this.write(path, made.bytes);
  }

  async write(path: string, bytes: Uint8Array): Promise<void> {
    await mkdir(dirname(this.at(path)), { recursive: true });
    await writeFile(this.at(path), bytes);
  }

  read(path: string): Promise<Buffer> {
    return readFile(this.at(path));
  }

  at(path: string): string {
    return join(this.folder, path);
  }

  [Symbol.dispose](): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}
