import type { OpenReader } from '../../aws/access.ts';
import { sqlErrorOf } from '../../db/database-error.ts';
import { AppError } from '../../errors.ts';
import { WiderTypeNeeded } from '../../parquet/wider-type.ts';
import { ensureDeliveryTable } from '../../raw/ensure-delivery-table.ts';
import { type LoadOutcome, loadFile, type RowSource } from '../../raw/load-file.ts';
import type { KnownColumn } from '../../raw/plan-columns.ts';
import { prepareColumns } from '../../raw/prepare-columns.ts';
import { deliveryTableOf, rawTableOf } from '../../raw/table-names.ts';
import type { ClaimedFile } from '../../registry/file/claim-file.ts';
import { step } from '../../steps.ts';
import type { IngestContext } from '../context.ts';
import type { FileReading } from './file-reading.ts';
import { openFile } from './open-file.ts';

/** A parquet file is begun anew for every column that turns out to need text; a hostile one must not go on for ever. */
const maxWidenings = 64;

/** Told while a file comes in, for progress bars. */
export interface LoadProgress {
  readonly fileId: number;
  readonly copiedBytes: number;
}

export interface LoadOptions {
  readonly signal: AbortSignal;
  readonly onProgress?: ((progress: LoadProgress) => void) | undefined;
}

/**
 * Brings one claimed file into the raw database: stream, decode, COPY, and the record of it, in one transaction.
 * @throws AppError saying what is wrong with the file, or with the way to it
 */
export async function loadClaimed(
  context: IngestContext,
  file: ClaimedFile,
  options: LoadOptions,
): Promise<LoadOutcome> {
  const target = deliveryTableOf(rawTableOf(file), { deliveryId: file.deliveryId, periodStart: file.periodStart });
  await ensureDeliveryTable(context.raw.pool, target);
  await using reader = context.aws.openReader({
    role: { arn: file.roleArn, externalId: file.externalId, region: file.roleRegion },
    bucket: file.bucket,
    bucketRegion: file.bucketRegion ?? undefined,
    prefix: file.root,
    client: file.client,
    job: 'ingest',
  });
  const asText = new Set<string>();
  for (let attempt = 0; attempt <= maxWidenings; attempt += 1) {
    try {
      return await loadOnce(context, { file, target, reader, asText, ...options });
    } catch (error) {
      if (!(error instanceof WiderTypeNeeded) || asText.has(error.column)) throw error;
      asText.add(error.column);
    }
  }
  throw new AppError(
    'PARQUET_UNSUPPORTED',
    `file ${file.key}: more than ${maxWidenings} columns hold values beyond their type`,
  );
}

interface Load extends LoadOptions {
  readonly file: ClaimedFile;
  readonly target: ReturnType<typeof deliveryTableOf>;
  readonly reader: OpenReader;
  readonly asText: ReadonlySet<string>;
}

async function loadOnce(context: IngestContext, load: Load): Promise<LoadOutcome> {
  const { file, target, reader, asText, signal } = load;
  const { maxExpandedBytes, maxExpansionRatio } = context.settings;
  const expansion = { maxExpandedBytes, maxExpansionRatio };
  let reading: FileReading | undefined;
  let placed: readonly KnownColumn[] = [];
  const open = async (): Promise<RowSource> => {
    reading = await openFile(reader, { ...file, signal, expansion, asText });
    step('file.first-bytes', file.id);
    placed = await prepareColumns(context.raw.pool, target, reading.header);
    const source = reading.rows(placed);
    return { ...source, data: watch(source.data, load) };
  };
  try {
    const toLoad = { ...file, fileId: file.id, target };
    return await loadFile(context.raw.pool, toLoad, open, signal);
  } catch (error) {
    throw sqlErrorOf(error) === undefined ? error : (reading?.explain(error, placed) ?? error);
  } finally {
    await reading?.close();
  }
}

async function* watch(data: AsyncIterable<Uint8Array>, { file, onProgress }: Load): AsyncGenerator<Uint8Array, void> {
  let copiedBytes = 0;
  for await (const chunk of data) {
    // Once it was sent, the chunk is empty: COPY gives its memory back.
    const { length } = chunk;
    yield chunk;
    copiedBytes += length;
    step('file.mid-copy', file.id);
    onProgress?.({ fileId: file.id, copiedBytes });
  }
}
