import { AppError } from '../../errors.ts';
import type { OpenedPart } from '../../parquet/read-part.ts';
import { definitionKeyName, type PartFooter, readFooter } from '../export/footer.ts';
import { canonicalJson } from '../manifest/canonical-json.ts';
import { definitionDigest } from '../manifest/definition-digest.ts';
import type { Manifest, ManifestFile } from '../manifest/manifest.ts';
import { parquetTypeText } from '../manifest/parquet-type-text.ts';
import { RangeDigests } from './range-digests.ts';

/**
 * That a decoded part is, line by line, what the manifest says of it.
 * @throws AppError PROOF_FAILED naming what differs, or what the decoder throws
 */
export async function proveLines(
  part: OpenedPart,
  file: ManifestFile,
  manifest: Pick<Manifest, 'source' | 'period'>,
): Promise<void> {
  proveFooter(part, file, manifest);
  const digests = new RangeDigests(file.ranges.map(({ rows }) => rows));
  for await (const lines of part.lines()) digests.add(lines);
  const { rows, digest, ranges } = digests.finish();
  requireEqual('its number of rows', rows, file.records);
  for (const [i, { ordinal, sha256 }] of file.ranges.entries()) {
    requireEqual(`the digest of its range ${ordinal}`, ranges[i]?.sha256, sha256);
  }
  requireEqual('its number of ranges', ranges.length, file.ranges.length);
  requireEqual('the digest of its rows', digest, file.digest);
}

function proveFooter(
  part: OpenedPart,
  file: ManifestFile,
  { source, period }: Pick<Manifest, 'source' | 'period'>,
): void {
  const expected: Omit<PartFooter, 'archive_version' | 'settings'> = {
    source,
    table: file.table,
    month: period,
    mode: file.unit.mode,
    part: file.part,
    rows: file.records,
    digest: file.digest,
    ranges: [...file.ranges],
    definition_sha256: file.definition_sha256,
  };
  const footer = readFooter(part.metadata);
  for (const [name, value] of Object.entries(expected)) {
    requireEqual(`${name} in its footer`, canonicalJson(footer[name as keyof PartFooter]), canonicalJson(value));
  }
  requireEqual('the definition in its footer', footerDefinition(part), file.definition_sha256);
  const columns = part.columns.map(({ name, type }) => [name, parquetTypeText(type)]);
  const named = file.columns.map(({ name, parquet_type }) => [name, parquet_type]);
  requireEqual('its columns', canonicalJson(columns), canonicalJson(named));
}

function footerDefinition({ metadata }: OpenedPart): string | undefined {
  try {
    return definitionDigest(JSON.parse(metadata.get(definitionKeyName) ?? ''));
  } catch {
    return undefined;
  }
}

/** Enough to tell two values apart. */
const maxShownLength = 200;

function requireEqual(what: string, found: string | number | undefined, expected: string | number): void {
  if (found === expected) return;
  const show = (value: unknown) => String(value).slice(0, maxShownLength);
  throw new AppError('PROOF_FAILED', `${what}: found ${show(found)}, the manifest says ${show(expected)}`);
}
