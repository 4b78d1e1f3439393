import type { ListedObject } from '../../aws/object-store.ts';
import { kindOf } from '../discover/kind.ts';
import { type Manifest, resolveKeys } from '../discover/manifest.ts';
import type { Finding } from './finding.ts';

/** An export of which the newest manifest was read. */
export interface ReadExport {
  /** Where it lies, and its name in AWS. */
  readonly name: string;
  /** The manifest's object. */
  readonly object: ListedObject;
  readonly manifest: Manifest;
}

/** AWS refreshes an export at least once a day; longer than this is more than a slow day. */
const MAX_QUIET_DAYS = 3;
const DAY_MS = 86_400_000;

/**
 * What the export is, and whether it looks whole and alive.
 * @param listed every object of the prefix; undefined where the listing was cut, so nothing can be said to be missing
 */
export function exportFindings(
  found: ReadExport,
  listed: ReadonlyMap<string, ListedObject> | undefined,
  now: Date,
): readonly Finding[] {
  return [kindFinding(found), ...(listed ? missingFindings(found, listed) : []), ...quietFindings(found, now)];
}

function kindFinding({ name, manifest }: ReadExport): Finding {
  const { kind, note } = kindOf(manifest);
  const more = note === undefined ? '' : `; ${note}`;
  if (kind !== undefined) {
    const message = `${name}: ${kind}, newest period ${manifest.period.start}, ${manifest.dataKeys.length} files${more}`;
    return { code: 'EXPORT_FOUND', severity: 'ok', message, advice: '' };
  }
  return {
    code: 'FORMAT_UNSUPPORTED',
    severity: 'error',
    message: `${name}: what it holds is not known${more}`,
    advice: 'Only Cost and Usage Reports and FOCUS exports are understood; register other files as kind "files".',
  };
}

function missingFindings(
  { name, manifest }: ReadExport,
  listed: ReadonlyMap<string, ListedObject>,
): readonly Finding[] {
  const files = resolveKeys(manifest, listed);
  const missing = files.filter((file) => !file.isListed);
  if (missing.length === 0) return [];
  return [
    {
      code: 'EXPORT_UNHEALTHY',
      severity: 'error',
      message: `${name}: ${missing.length} of ${files.length} files in the manifest are not in the bucket, such as ${missing[0]?.key}`,
      advice: 'Have the client look for lifecycle rules or jobs that delete or move billing files.',
    },
  ];
}

function quietFindings({ name, object }: ReadExport, now: Date): readonly Finding[] {
  const quietDays = Math.floor((now.getTime() - object.lastModified.getTime()) / DAY_MS);
  if (quietDays <= MAX_QUIET_DAYS) return [];
  const message = `${name}: nothing was delivered for ${quietDays} days`;
  const advice = "Have the client look at the export's state in the AWS billing console.";
  return [{ code: 'EXPORT_UNHEALTHY', severity: 'warning', message, advice }];
}

/** One payer in two exports: the same money twice. */
export function overlapFindings(exports: readonly ReadExport[]): readonly Finding[] {
  const byPayer = Map.groupBy(exports, ({ manifest }) => manifest.payerAccount);
  return [...byPayer].flatMap(([payer, ofPayer]): Finding[] => {
    if (payer === undefined || ofPayer.length < 2) return [];
    const message = `payer ${payer} is billed in ${ofPayer.length} exports: ${ofPayer.map(({ name }) => name).join(', ')}`;
    const advice = 'They hold the same money more than once: never add their tables up, or register only one of them.';
    return [{ code: 'EXPORTS_OVERLAP', severity: 'warning', message, advice }];
  });
}
