import { AppError } from '../../errors.ts';

export type Layout = 'hive' | 'flat';

export interface PartKeyParts {
  readonly prefix: string;
  readonly layout: Layout;
  readonly source: string;
  readonly schema: string;
  readonly table: string;
  /** `2026-01`. */
  readonly month: string;
  readonly ordinal: number;
  /** Of the file's bytes, hex. */
  readonly sha256: string;
}

/** S3's limit, in bytes of UTF-8. */
const maxKeyBytes = 1_024;
/** Enough of the digest that two contents never meet under one name; the whole of it is in the manifest. */
const digestDigits = 16;
const flatManifest = /^\d{4}\/\d{2}\/manifest(?:-\d+)?\.json$/;

/**
 * Where a part lies. In the layout `hive` the name holds the content's digest, so that a retry meets its own object and
 * nothing else; in `flat` it is the table's and the month's alone, as tools expect that were there before.
 * @throws AppError BAD_INPUT for a key that S3 cannot take
 */
export function partKey({ prefix, layout, source, schema, table, month, ordinal, sha256 }: PartKeyParts): string {
  const [year = '', number = ''] = month.split('-');
  const name = `${keyWord(schema)}.${keyWord(table)}`;
  if (layout === 'flat') {
    const further = ordinal === 1 ? '' : `.${ordinal}`;
    const stem = schema === 'public' ? keyWord(table) : name;
    return join(prefix, year, number, `${stem}-${month}${further}.parquet`);
  }
  const file = `part-${String(ordinal).padStart(4, '0')}-${sha256.slice(0, digestDigits)}.parquet`;
  return join(prefix, keyWord(source), name, `year=${year}`, `month=${number}`, file);
}

/** Where everything of a table lies in the layout `hive`; ends with a slash. */
export function tablePrefix({
  prefix,
  source,
  schema,
  table,
}: Pick<PartKeyParts, 'prefix' | 'source' | 'schema' | 'table'>): string {
  return join(prefix, keyWord(source), `${keyWord(schema)}.${keyWord(table)}`, '');
}

export interface ManifestKeyParts extends Pick<PartKeyParts, 'prefix' | 'layout' | 'source' | 'month'> {
  /** Position in the source's chain, from 1. */
  readonly sequence: number;
  /** Whether it is the first of its month. */
  readonly isFirst: boolean;
}

/** Where a manifest lies: beside the parts in the layout `flat`, else in a folder that no query reads. */
export function manifestKey({ prefix, layout, source, month, sequence, isFirst }: ManifestKeyParts): string {
  const [year = '', number = ''] = month.split('-');
  const numbered = `manifest-${String(sequence).padStart(6, '0')}.json`;
  if (layout === 'flat') return join(prefix, year, number, isFirst ? 'manifest.json' : numbered);
  return `${manifestFolder(prefix, source)}${join(year, number, numbered)}`;
}

/** Where a source's manifests lie in the layout `hive`; ends with a slash. */
export function manifestFolder(prefix: string, source: string): string {
  return join(prefix, '_manifests', keyWord(source), '');
}

/** The archive's prefix, by the key of one of its manifests; undefined for a key that is none of these. */
export function manifestPrefixOf(key: string, source: string): string | undefined {
  const name = key.split('/').slice(-3).join('/');
  if (!flatManifest.test(name)) return undefined;
  const before = key.slice(0, -name.length);
  const folder = manifestFolder('', source);
  const isHive = before === folder || before.endsWith(`/${folder}`);
  return (isHive ? before.slice(0, -folder.length) : before).replace(/\/$/, '');
}

/** Where manifests may be listed, and which of what is listed there is one. */
export interface ManifestPlace {
  readonly prefix: string;
  readonly isManifest: (key: string) => boolean;
}

/** The layout `hive` has a folder for a source's manifests. */
export function hiveManifests(prefix: string, source: string): ManifestPlace {
  return { prefix: manifestFolder(prefix, source), isManifest: (key) => key.endsWith('.json') };
}

/** In the layout `flat` they lie among the parts, by year (from 1000 to 2999) and month. */
export function flatManifests(prefix: string): readonly ManifestPlace[] {
  const folder = join(prefix, '');
  const isManifest = (key: string) => flatManifest.test(key.slice(folder.length));
  return ['1', '2'].map((digit) => ({ prefix: join(prefix, digit), isManifest }));
}

function join(...parts: readonly string[]): string {
  const key = parts.filter((part, i) => part !== '' || i === parts.length - 1).join('/');
  if (Buffer.byteLength(key) <= maxKeyBytes) return key;
  throw new AppError(
    'BAD_INPUT',
    `the key ${key.slice(0, 80)}… is longer than S3's ${maxKeyBytes} bytes: shorten archive.destination.prefix`,
  );
}

/** A name as one segment of a key: what tools stumble over is percent-encoded, so that no two names share one. */
function keyWord(name: string): string {
  return name.replace(/[^A-Za-z0-9_-]/gu, (character) =>
    [...Buffer.from(character)].map((byte) => `%${byte.toString(16).toUpperCase().padStart(2, '0')}`).join(''),
  );
}
