import { AppError } from '../../errors.ts';
import type { MadeFormat, MadeKind } from './file.ts';
import { type Month, rangeText } from './month.ts';

/** The ways in which AWS lays an export out in S3. */
export const madeLayouts = [
  'legacy-create-new',
  'legacy-overwrite',
  'legacy-year-month',
  'legacy-parquet',
  'data-export-overwrite',
  'data-export-create-new',
] as const;

export type MadeLayout = (typeof madeLayouts)[number];

export interface PlaceOptions {
  readonly layout: MadeLayout;
  readonly kind: MadeKind;
  readonly format: MadeFormat;
  /** Put before `/<name>/` to the letter: empty and `/x` give the leading and double slashes that AWS gives. */
  readonly prefix: string;
  readonly name: string;
  readonly month: Month;
  readonly executionId: string;
  /** When AWS wrote it; part of the path of create-new data exports. */
  readonly writtenAt: Date;
  /** `month=05` in place of AWS's `month=5`. */
  readonly padMonth: boolean;
}

export interface Place {
  readonly root: string;
  /** Where the data files lie, and what is put between their name and their number's digits. */
  readonly dataFolder: string;
  /** In the order in which AWS writes them; the last one is what says that the delivery is whole. */
  readonly manifestKeys: readonly string[];
  /** What else AWS puts there. */
  readonly otherKeys: readonly string[];
}

/** @throws AppError BAD_INPUT for what AWS never writes (zipped data exports, CUR 2.0 in a legacy layout) */
export function placeOf(options: PlaceOptions): Place {
  check(options);
  const { layout, prefix, name, month, executionId, padMonth } = options;
  const root = `${prefix}/${name}/`;
  const range = `${root}${rangeText(month)}/`;
  const manifest = `${name}-Manifest.json`;
  const yearMonth = `${root}${name}/year=${month.year}/month=${padMonth ? month.text.slice(5) : month.number}/`;
  switch (layout) {
    case 'legacy-create-new': {
      const dataFolder = `${range}${executionId}/`;
      const otherKeys = [`${dataFolder}${name}-RedshiftCommands.sql`, `${dataFolder}${name}-RedshiftManifest.json`];
      return { root, dataFolder, manifestKeys: [dataFolder + manifest, range + manifest], otherKeys };
    }
    case 'legacy-overwrite':
      return { root, dataFolder: range, manifestKeys: [range + manifest], otherKeys: [] };
    case 'legacy-year-month':
      return { root, dataFolder: yearMonth, manifestKeys: [range + manifest], otherKeys: [] };
    case 'legacy-parquet': {
      const status = `${root}cost_and_usage_data_status/cost_and_usage_data_status.parquet`;
      const otherKeys = [`${range}${name}-create-table.sql`, `${root}crawler-cfn.yml`, status];
      return { root, dataFolder: yearMonth, manifestKeys: [range + manifest], otherKeys };
    }
    case 'data-export-overwrite':
    case 'data-export-create-new':
      return dataExportPlace(options, root, manifest);
  }
}

function dataExportPlace(options: PlaceOptions, root: string, manifest: string): Place {
  const { layout, kind, month, executionId, writtenAt } = options;
  const partition = `${kind === 'cur2' ? 'BILLING_PERIOD' : 'billing_period'}=${month.text}/`;
  const [data, metadata] = [`${root}data/${partition}`, `${root}metadata/${partition}`];
  if (layout === 'data-export-overwrite') {
    return { root, dataFolder: data, manifestKeys: [metadata + manifest], otherKeys: [] };
  }
  const execution = `${writtenAt.toISOString()}-${executionId}/`;
  return {
    root,
    dataFolder: data + execution,
    manifestKeys: [metadata + execution + manifest, metadata + manifest],
    otherKeys: [],
  };
}

/** `<name>-00001.csv.gz`; AWS numbers from one, with five digits. */
export function dataFileName(name: string, number: number, format: MadeFormat): string {
  return `${name}-${String(number).padStart(5, '0')}.${format === 'parquet' ? 'snappy.parquet' : format}`;
}

function check({ layout, kind, format }: PlaceOptions): void {
  const isLegacy = layout.startsWith('legacy');
  const isParquetLayout = layout === 'legacy-parquet';
  const isWrong =
    isLegacy !== (kind === 'cur-legacy') ||
    (isLegacy && isParquetLayout !== (format === 'parquet')) ||
    (!isLegacy && (format === 'csv.zip' || format === 'csv'));
  if (isWrong) throw new AppError('BAD_INPUT', `AWS writes no ${kind} as ${format} in the layout ${layout}`);
}
