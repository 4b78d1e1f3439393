import type { ChainLink } from '../manifest/chain.ts';
import { contradictionsOf } from '../manifest/contradictions.ts';
import type { Manifest, ManifestFile } from '../manifest/manifest.ts';
import { knownIdentities } from '../manifest/part-identity.ts';
import { checkCancelled } from './check-cancelled.ts';
import { checkPart } from './check-part.ts';
import type { Findings } from './finding.ts';
import type { KeyPaths } from './key-paths.ts';
import { type FoundManifest, readManifestFile } from './read-manifests.ts';

export interface CheckPeriodContext {
  readonly folder: string;
  readonly files: ReadonlySet<string>;
  readonly paths: KeyPaths;
  /** Paths that a manifest names; added to here. */
  readonly named: Set<string>;
  readonly counts: Counts;
  readonly findings: Findings;
  readonly isDeep: boolean;
  readonly now: Date;
  readonly signal?: AbortSignal | undefined;
}

/** What was looked at, and how closely. */
export interface Counts {
  /** Named by the newest manifests. */
  parts: number;
  /** Whose size and SHA-256 are right. */
  files: number;
  /** Whose rows are right as well. */
  deepFiles: number;
  /** Rows of those. */
  rows: number;
  /** Bytes of `files`. */
  bytes: number;
  /** Parts that are gone after their lock ended. */
  expired: number;
  /** Versions that were found to be faulty, and that others stand for. */
  replaced: number;
}

/**
 * Checks one period of one source: that no part was dropped from one manifest to the next, and every part of the newest.
 * @param manifests of the period, with signatures that are good, in the order of the chain
 */
export async function checkPeriod(context: CheckPeriodContext, manifests: readonly FoundManifest[]): Promise<void> {
  let before: ReadonlySet<string> = new Set();
  for (const [i, found] of manifests.entries()) {
    const { manifest } = await readManifestFile(context.folder, found.path);
    for (const text of contradictionsOf(manifest)) context.findings.add('MANIFEST_INVALID', found.path, text);
    const parts = knownIdentities(manifest);
    for (const part of before) {
      if (parts.has(part)) continue;
      context.findings.add('MANIFEST_INVALID', found.path, `no longer names ${part}, which the manifest before did`);
    }
    before = parts;
    if (i === manifests.length - 1) await checkParts(context, manifest);
  }
}

async function checkParts(context: CheckPeriodContext, manifest: Manifest): Promise<void> {
  nameReplaced(context, manifest);
  for (const file of manifest.files) {
    checkCancelled(context.signal);
    context.counts.parts++;
    const path = context.paths.pathOf(file.s3_key);
    if (path !== undefined && context.files.has(path)) await checkFile(context, { manifest, file, path });
    else if (Date.parse(file.retain_until) <= context.now.getTime()) context.counts.expired++;
    else context.findings.add('FILE_MISSING', path ?? file.s3_key, `part ${file.part} of ${file.table} is missing`);
  }
}

/** Found to be faulty, and counting for nothing: whether it is there, and what it holds, proves nothing. */
function nameReplaced({ paths, named, counts }: CheckPeriodContext, { replaced = [] }: Manifest): void {
  for (const { s3_key } of replaced) {
    const path = paths.pathOf(s3_key);
    if (path !== undefined) named.add(path);
  }
  counts.replaced += replaced.length;
}

async function checkFile(
  { folder, named, counts, findings, isDeep, signal }: CheckPeriodContext,
  { manifest, file, path }: { readonly manifest: Manifest; readonly file: ManifestFile; readonly path: string },
): Promise<void> {
  named.add(path);
  const problem = await checkPart({ folder, path, file, manifest, isDeep, signal });
  if (problem !== undefined) {
    findings.add('PROOF_FAILED', path, `part ${file.part} of ${file.table}: ${problem}`);
    return;
  }
  counts.files++;
  counts.bytes += file.size_bytes;
  if (!isDeep) return;
  counts.deepFiles++;
  counts.rows += file.records;
}

/** Manifests by source and period, each list in the order of the chain. */
export function byPeriod(manifests: readonly FoundManifest[]): readonly (readonly FoundManifest[])[] {
  const groups = Map.groupBy(manifests, ({ link }) => JSON.stringify([link.source, link.period]));
  return [...groups.values()].map((group) => group.toSorted(byPlace));
}

function byPlace({ link: a }: { readonly link: ChainLink }, { link: b }: { readonly link: ChainLink }): number {
  return a.sequence - b.sequence;
}
