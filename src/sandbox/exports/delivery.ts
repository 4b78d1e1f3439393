import { AppError } from '../../errors.ts';
import { amountOf, decimalText } from './amount.ts';
import { type FileSummary, type MadeFile, type MadeFormat, type MadeKind, makeFile } from './file.ts';
import { dataFileName, type MadeLayout, type Place, placeOf } from './layout.ts';
import { manifestBytes } from './manifest.ts';
import { type Month, monthOf } from './month.ts';
import { uuidFrom } from './random.ts';

export interface DeliveryOptions {
  readonly layout: MadeLayout;
  readonly kind: MadeKind;
  readonly format: MadeFormat;
  readonly bucket: string;
  /** As configured in AWS; may be empty or start with a slash, and then the keys do, too. */
  readonly prefix: string;
  readonly name: string;
  /** `YYYY-MM`. */
  readonly month: string;
  /** Of the first version, over all files; later versions have some more. */
  readonly rows: number;
  readonly files: number;
  readonly seed: string;
  /** From 1. The next one restates amounts and adds rows; it is what AWS delivers some hours later. */
  readonly version?: number;
  /** Made from seed and version where not given. */
  readonly executionId?: string;
  readonly lineEnd?: '\n' | '\r\n';
  readonly padMonth?: boolean;
  readonly rowGroupRows?: number;
  readonly mapsAs?: 'map' | 'json';
  /** Chunks of an earlier, longer generation that AWS overwrites with nothing, in overwrite layouts. */
  readonly surplusFiles?: number;
  /** What "nothing" is like is unconfirmed: no byte, or a file without rows. */
  readonly surplusAs?: 'no-bytes' | 'no-rows';
}

export interface MadeObject {
  readonly key: string;
  /** `other` is what lies beside the data: surplus chunks, SQL, status files. */
  readonly role: 'data' | 'other' | 'manifest';
  /** Made anew, and the same, at every call. */
  body(): AsyncIterable<Uint8Array>;
}

export interface DeliverySummary {
  readonly rows: number;
  readonly cost: string;
  /** In the manifest's order. */
  readonly files: readonly (FileSummary & { readonly key: string })[];
}

export interface MadeDelivery {
  /** What all its keys start with. */
  readonly root: string;
  readonly executionId: string;
  /** In the order in which AWS writes them: data first, the period's manifest last. */
  readonly objects: readonly MadeObject[];
  expected(): DeliverySummary;
}

const maxFiles = 99_999;

/**
 * One delivery of a made-up export, as AWS would lay it out. The charges depend on seed, month, rows, files and version
 * only: two kinds of export of one seed hold the same money.
 * @throws AppError BAD_INPUT where AWS makes no such delivery
 */
export function makeDelivery(options: DeliveryOptions): MadeDelivery {
  const { layout, kind, format, prefix, name, version = 1, padMonth = false } = options;
  if (options.files < 1 || options.files > maxFiles)
    throw new AppError('BAD_INPUT', `not a number of files: ${options.files}`);
  const month = monthOf(options.month);
  const writtenAt = new Date(month.endMillis - 96 * 3_600_000 + version * 8 * 3_600_000 + 728);
  const executionId = options.executionId ?? uuidFrom(`${options.seed}|${layout}|${name}|${options.month}|${version}`);
  const place = placeOf({ layout, kind, format, prefix, name, month, executionId, writtenAt, padMonth });
  const files = filesOf(options, place);
  const manifest = manifestBytes({
    kind,
    format,
    bucket: options.bucket,
    name,
    month,
    executionId,
    dataKeys: files.map(({ key }) => key),
  });
  return {
    root: place.root,
    executionId,
    objects: [
      ...files.map(({ key, file }): MadeObject => ({ key, role: 'data', body: () => file.body() })),
      ...surplusOf(options, place, month),
      ...place.otherKeys.map(
        (key): MadeObject => ({ key, role: 'other', body: () => bytes(Buffer.from('not billing data\n')) }),
      ),
      ...place.manifestKeys.map((key): MadeObject => ({ key, role: 'manifest', body: () => bytes(manifest) })),
    ],
    expected: () => summaryOf(files),
  };
}

interface KeyedFile {
  readonly key: string;
  readonly file: MadeFile;
}

function filesOf(options: DeliveryOptions, { dataFolder }: Place): readonly KeyedFile[] {
  const { name, format, files, version = 1 } = options;
  const rows = options.rows + Math.ceil(options.rows / 50) * (version - 1);
  return Array.from({ length: files }, (_, position) => {
    const fileName = dataFileName(name, position + 1, format);
    const share = Math.floor((rows * (position + 1)) / files) - Math.floor((rows * position) / files);
    const file = makeFile({
      ...options,
      rows: share,
      seed: `${options.seed}|${position + 1}`,
      entryName: fileName.replace(/\.zip$/, ''),
    });
    return { key: dataFolder + fileName, file };
  });
}

function surplusOf(options: DeliveryOptions, { dataFolder }: Place, { text }: Month): readonly MadeObject[] {
  const { name, format, files, surplusFiles = 0, surplusAs = 'no-bytes' } = options;
  const nothing = makeFile({ ...options, month: text, rows: 0 });
  return Array.from({ length: surplusFiles }, (_, position) => ({
    key: dataFolder + dataFileName(name, files + position + 1, format),
    role: 'other',
    body: () => (surplusAs === 'no-bytes' ? bytes(Buffer.alloc(0)) : nothing.body()),
  }));
}

function summaryOf(files: readonly KeyedFile[]): DeliverySummary {
  const summaries = files.map(({ key, file }) => ({ key, ...file.expected() }));
  return {
    rows: summaries.reduce((sum, { rows }) => sum + rows, 0),
    cost: decimalText(summaries.reduce((sum, { cost }) => sum + amountOf(cost), 0n)),
    files: summaries,
  };
}

async function* bytes(content: Uint8Array): AsyncGenerator<Uint8Array> {
  yield content;
}
