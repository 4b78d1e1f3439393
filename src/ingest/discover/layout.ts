import {
  type BillingPeriod,
  monthText,
  parsePartitionFolder,
  parseRangeFolder,
  parseYearMonthFolders,
  rangeFolder,
} from './period.ts';

/** Legacy Cost and Usage Reports, or Data Exports (CUR 2.0, FOCUS): they differ in layout and in manifest. */
export type ExportFamily = 'legacy' | 'data-export';

export const layoutKinds = [
  /** `<root><range>/<assemblyId>/<file>` */
  'legacy-create-new',
  /** `<root><range>/<file>` */
  'legacy-overwrite',
  /** `<root><report>/year=2018/month=12/<file>.csv.zip`, AWS's older page about overwritten reports */
  'legacy-year-month',
  /** `<root><report>/year=2018/month=1/<file>.parquet` */
  'legacy-parquet',
  /** `<root>data/<partition>/<file>` */
  'data-export-overwrite',
  /** `<root>data/<partition>/<timestamp>-<executionId>/<file>` */
  'data-export-create-new',
] as const;

export type LayoutKind = (typeof layoutKinds)[number];

/** AWS writes six below the prefix that a client chose, which has at most 256 characters. */
export const maxFolders = 64;

/** Where in an export a key lies. All paths are as listed, and end with a slash unless empty. */
interface Place {
  readonly family: ExportFamily;
  /** What all keys of the export start with. */
  readonly root: string;
  /** The report's or export's name, as the path says it. */
  readonly sourceName: string;
}

export interface ManifestKey extends Place {
  readonly role: 'manifest';
  /** Undefined where the path names no month: then the manifest must. */
  readonly period: BillingPeriod | undefined;
  /** The folder of the period; the manifest of an execution lies one folder below it. Without a period: the key itself. */
  readonly periodFolder: string;
  readonly executionFolder: string | undefined;
}

export interface DataKey extends Place {
  readonly role: 'data';
  readonly layoutKind: LayoutKind;
  readonly period: BillingPeriod;
  readonly periodFolder: string;
  readonly executionFolder: string | undefined;
}

/** What AWS puts beside the data, and folder markers. */
export interface NotDataKey {
  readonly role: 'not-data';
}

/** Nothing of a billing export's layout. */
export interface UnknownKey {
  readonly role: 'unknown';
  /** Its name is that of a data file: may be an export without manifests (kind `files`). */
  readonly looksLikeData: boolean;
}

export type ParsedKey = ManifestKey | DataKey | NotDataKey | UnknownKey;

/**
 * What a key is, from the key alone: facts of every layout that AWS documents or was seen to write. Neither the prefix
 * nor the report's name is known beforehand, so it is read from the right. Nothing is stripped or normalised: leading
 * and double slashes are part of `root`.
 */
export function parseKey(key: string): ParsedKey {
  const path = splitPath(key);
  // Whoever fills a bucket may also fill its keys with slashes: such a key is not worth a thousand steps.
  if (path.folders.length > maxFolders) return { role: 'unknown', looksLikeData: isDataName(key) };
  if (isNotData(path)) return { role: 'not-data' };
  const home = periodHome(path);
  if (isManifestName(path.fileName, home)) return manifestKey(path, home);
  const looksLikeData = isDataName(path.fileName);
  if (home === undefined || !looksLikeData) return { role: 'unknown', looksLikeData };
  if (home.inMetadata) return { role: 'not-data' };
  const { inMetadata: _, ...place } = home;
  return { role: 'data', layoutKind: layoutOf(home, path.fileName), ...place };
}

/** Where all keys of one period of a known export lie. */
export interface PeriodPrefixOptions {
  readonly family: ExportFamily;
  readonly root: string;
  readonly sourceName: string;
  readonly period: BillingPeriod;
}

/**
 * The listings that together show all of one period: each layout of the family (a client may switch between them), months
 * padded or not, both spellings of the partition. Legacy exports also need `timelessManifestKeys`, once for all periods.
 */
export function periodPrefixes({ family, root, sourceName, period }: PeriodPrefixOptions): readonly string[] {
  const month = monthText(period);
  if (family === 'data-export') {
    const partitions = [`BILLING_PERIOD=${month}/`, `billing_period=${month}/`];
    return ['data/', 'metadata/'].flatMap((folder) => partitions.map((partition) => `${root}${folder}${partition}`));
  }
  const [year, padded] = [month.slice(0, 4), month.slice(5)];
  const months = new Set([padded, String(Number(padded))]);
  const folders = [`${root}${sourceName}/year=${year}/`, `${root}year=${year}/`];
  return [
    `${root}${rangeFolder(period)}/`,
    ...folders.flatMap((folder) => [...months].map((text) => `${folder}month=${text}/`)),
  ];
}

/** Where a legacy manifest may lie outside any month's folder: unconfirmed for parquet, so looked for. */
export function timelessManifestKeys({
  root,
  sourceName,
}: Pick<PeriodPrefixOptions, 'root' | 'sourceName'>): readonly string[] {
  return [`${root}${sourceName}-Manifest.json`, `${root}${sourceName}/${sourceName}-Manifest.json`];
}

interface Path {
  /** The folders' names from the left; an empty one is a leading or doubled slash. */
  readonly folders: readonly string[];
  readonly fileName: string;
}

interface PeriodHome extends Place {
  readonly period: BillingPeriod;
  readonly periodFolder: string;
  readonly executionFolder: string | undefined;
  readonly inMetadata: boolean;
}

function splitPath(key: string): Path {
  const segments = key.split('/', maxFolders + 2);
  return { folders: segments.slice(0, -1), fileName: segments.at(-1) ?? '' };
}

/** The folder that names the month is the file's own, or, with an execution folder between, the one above. */
function periodHome({ folders, fileName }: Path): PeriodHome | undefined {
  return homeAt(folders, fileName, undefined) ?? homeAt(folders.slice(0, -1), fileName, folders.at(-1));
}

function homeAt(
  folders: readonly string[],
  fileName: string,
  executionFolder: string | undefined,
): PeriodHome | undefined {
  const [outer, upper, own] = [folders.at(-3) ?? '', folders.at(-2) ?? '', folders.at(-1) ?? ''];
  const common = { periodFolder: prefixOf(folders), executionFolder };
  const range = parseRangeFolder(own);
  if (range !== undefined) {
    return { family: 'legacy', period: range, inMetadata: false, ...common, ...named(folders.slice(0, -1), fileName) };
  }
  const partition = parsePartitionFolder(own);
  if (partition !== undefined && (upper === 'data' || upper === 'metadata')) {
    const inMetadata = upper === 'metadata';
    return {
      family: 'data-export',
      period: partition,
      inMetadata,
      ...common,
      ...named(folders.slice(0, -2), fileName),
    };
  }
  const yearMonth = executionFolder === undefined ? parseYearMonthFolders(upper, own) : undefined;
  if (yearMonth !== undefined) {
    const isDoubled = outer !== '' && folders.at(-4) === outer;
    const above = folders.slice(0, isDoubled ? -3 : -2);
    return { family: 'legacy', period: yearMonth, inMetadata: false, ...common, ...named(above, fileName) };
  }
  return undefined;
}

function named(folders: readonly string[], fileName: string): { readonly root: string; readonly sourceName: string } {
  return { root: prefixOf(folders), sourceName: folders.at(-1) || stemOf(fileName) };
}

function manifestKey(path: Path, home: PeriodHome | undefined): ManifestKey {
  if (home !== undefined) {
    const { inMetadata: _, ...place } = home;
    return { role: 'manifest', ...place };
  }
  const isDoubled = path.folders.length > 1 && path.folders.at(-1) === path.folders.at(-2);
  return {
    role: 'manifest',
    family: 'legacy',
    root: prefixOf(isDoubled ? path.folders.slice(0, -1) : path.folders),
    sourceName: stemOf(path.fileName) || path.folders.at(-1) || '',
    period: undefined,
    periodFolder: prefixOf(path.folders) + path.fileName,
    executionFolder: undefined,
  };
}

function layoutOf({ family, executionFolder, periodFolder }: PeriodHome, fileName: string): LayoutKind {
  if (family === 'data-export') return executionFolder ? 'data-export-create-new' : 'data-export-overwrite';
  if (executionFolder) return 'legacy-create-new';
  if (!/\/month=\d+\/$/i.test(periodFolder)) return 'legacy-overwrite';
  return /\.parquet$/i.test(fileName) ? 'legacy-parquet' : 'legacy-year-month';
}

/** The exact name of an execution's own manifest in Data Exports is unconfirmed: any `…Manifest.json` counts there. */
function isManifestName(fileName: string, home: PeriodHome | undefined): boolean {
  return home?.inMetadata ? /manifest\.json$/i.test(fileName) : /-manifest\.json$/i.test(fileName);
}

function isDataName(fileName: string): boolean {
  return /\.(csv|csv\.gz|csv\.zip|gz|zip|parquet)$/i.test(fileName);
}

function isNotData({ folders, fileName }: Path): boolean {
  return (
    fileName === '' ||
    fileName === 'aws-programmatic-access-test-object' ||
    fileName === 'crawler-cfn.yml' ||
    fileName === '_SUCCESS' ||
    fileName.endsWith('_$folder$') ||
    /-create-table\.sql$|-RedshiftCommands\.sql$|-(Redshift|QuickSight)Manifest\.json$/i.test(fileName) ||
    folders.includes('cost_and_usage_data_status')
  );
}

/** The name before `-Manifest.json` or `-00001.csv.gz`. */
function stemOf(fileName: string): string {
  return fileName.replace(/-?manifest\.json$/i, '').replace(/(-\d+)?(\.(csv|gz|zip|snappy|parquet))+$/i, '');
}

function prefixOf(folders: readonly string[]): string {
  return folders.length === 0 ? '' : `${folders.join('/')}/`;
}
