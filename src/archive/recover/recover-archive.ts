import pLimit from 'p-limit';
import type { ArchiveStore, ObjectLock } from '../../aws/archive-store.ts';
import { isAppError } from '../../errors.ts';
import { recordDefinition } from '../../registry/archive/definition.ts';
import { findKnownObjects } from '../../registry/archive/known-object.ts';
import {
  markRecovered,
  type RecoveredDeletion,
  recoverManifest,
  settlePurged,
} from '../../registry/archive/recover-manifest.ts';
import { recoverUnit } from '../../registry/archive/recover-unit.ts';
import type { LockMode } from '../../registry/archive/unit-record.ts';
import { recordAudit } from '../../registry/audit.ts';
import type { Prisma } from '../../registry/generated/client.ts';
import { step } from '../../steps.ts';
import type { ArchiveContext } from '../context.ts';
import type { Manifest, ManifestFile, ManifestReplaced } from '../manifest/manifest.ts';
import { readStored } from '../manifest/read-stored.ts';
import { findManifests, type IgnoredObject, type StoredManifest } from './find-manifests.ts';
import { orderChains, type StoredChain } from './order-chain.ts';
import { recoverHolds } from './recover-holds.ts';
import { type FoundPart, type FoundParts, recoveredDeletions, recoveredUnits } from './recovered-unit.ts';
import { Seen } from './seen.ts';

export interface RecoverRequest {
  /** Default: every source that has a manifest in the bucket. */
  readonly source?: string | undefined;
  /** Looks, and changes nothing. */
  readonly isDryRun: boolean;
  readonly actor: string;
  readonly signal: AbortSignal;
}

/** What the bucket has of one source, and what of it the registry did not have. */
export interface RecoveredSource {
  readonly source: string;
  /** Number of the oldest manifest that is still there; those before it have expired. */
  readonly firstManifest: number;
  readonly lastManifest: number;
  readonly newManifests: number;
  readonly months: number;
  readonly units: number;
  readonly parts: number;
  /** Of these, proved parts that the registry did not have; null: not known before it is done. */
  readonly newParts: number | null;
  readonly rows: number;
  readonly deletions: number;
  /** Placed again: those of the newest manifest, and those found on objects. */
  readonly holds: number;
  /** Parts whose retention is over, and that are gone. */
  readonly expiredParts: number;
  /** `s3://bucket/key` of parts that are gone though they are to be kept. */
  readonly missing: readonly string[];
}

export interface Recovery {
  readonly sources: readonly RecoveredSource[];
  /** Called like manifests, and none that can be trusted. */
  readonly ignored: readonly IgnoredObject[];
}

/** Each is one small request. */
const parallelLooks = 8;

/**
 * Rebuilds what the registry knows of the archive from the signed manifests in the bucket: all of it where the registry is
 * new, what came since where it was set back. Nothing in the bucket or in a source is changed. What was killed goes on when
 * it is called again; until a source's chain is whole, no run archives or purges anything of it.
 * @throws AppError CHAIN_BROKEN, MANIFEST_INVALID, or as the bucket and the registry
 */
export async function recoverArchive(context: ArchiveContext, request: RecoverRequest): Promise<Recovery> {
  const { signal } = request;
  await using store = context.openStore('verifier');
  const { manifests, ignored } = await findManifests(context, { store, signal });
  const wanted = manifests.filter(({ source }) => request.source === undefined || source === request.source);
  const sources: RecoveredSource[] = [];
  for (const chain of orderChains(wanted, context.now())) {
    sources.push(await recoverSource(context, request, { chain, store }));
  }
  return { sources, ignored };
}

interface SourceJob {
  readonly chain: StoredChain;
  readonly store: ArchiveStore;
}

async function recoverSource(
  context: ArchiveContext,
  { isDryRun, actor, signal }: RecoverRequest,
  { chain, store }: SourceJob,
): Promise<RecoveredSource> {
  const { registry, now } = context;
  const { source, manifests } = chain;
  const seen = new Seen();
  const tables = new Map<string, Pick<RecoveredDeletion, 'schema' | 'table'>>();
  let newParts = 0;
  // Units first: deletions are of units of any month.
  for (const newest of newestOfMonths(manifests)) {
    signal.throwIfAborted();
    const { manifest } = await readStored(store, newest, signal);
    const found = await lookAtParts(manifest, store, { seen, now: now(), signal });
    const units = recoveredUnits(manifest, found);
    seen.addUnits(units);
    for (const { schema, table } of units) tables.set(`${schema}.${table}`, { schema, table });
    if (isDryRun) continue;
    for (const [sha256, definition] of Object.entries(manifest.definitions)) {
      await recordDefinition(registry, { sha256, definition: definition as Prisma.InputJsonObject });
    }
    for (const unit of units) {
      newParts += await recoverUnit(registry, unit);
      step('recover.unit');
    }
  }
  const isKnown = await knownManifests(context, manifests);
  const hasNews = newParts > 0 || !manifests.every(isKnown);
  if (hasNews && !isDryRun) await markRecovered(registry, source);
  let newManifests = 0;
  for (const stored of manifests) {
    signal.throwIfAborted();
    if (isKnown(stored)) continue;
    newManifests++;
    const { manifest, body } = await readStored(store, stored, signal);
    const deletions = recoveredDeletions(manifest, tables);
    seen.deletions += deletions.length;
    if (isDryRun) continue;
    const legalHold = await store.legalHold(stored.key, stored.versionId, { signal });
    const lock = lockOf(manifest, await store.lock(stored.key, stored.versionId, { signal }));
    await recoverManifest(registry, { ...recordOf(context, stored, manifest), ...lock, body, deletions, legalHold });
    step('recover.manifest');
  }
  if (!isDryRun) await settlePurged(registry, source);
  const last = manifests.at(-1);
  const holds =
    last === undefined
      ? 0
      : await recoverHolds(context, {
          manifest: (await readStored(store, last, signal)).manifest,
          held: seen.held,
          isDryRun,
          actor,
        });
  const summary: RecoveredSource = {
    source,
    firstManifest: manifests[0]?.sequence ?? 0,
    lastManifest: last?.sequence ?? 0,
    newManifests,
    ...seen.counts,
    newParts: isDryRun ? null : newParts,
    holds,
  };
  if (!isDryRun && hasNews) {
    const { missing, ...detail } = summary;
    await recordAudit(registry, {
      actor,
      action: 'archive.recovered',
      subject: `source/${source}`,
      detail: { ...detail, missing: missing.length },
    });
  }
  return summary;
}

/** A month's manifest names all that the ones before it did. */
function newestOfMonths(manifests: readonly StoredManifest[]): readonly StoredManifest[] {
  const newest = new Map(manifests.map((manifest) => [manifest.period, manifest]));
  return [...newest.values()].sort((a, b) => (a.period < b.period ? -1 : 1));
}

interface Looking {
  readonly seen: Seen;
  readonly now: Date;
  readonly signal: AbortSignal;
}

/** Whether each part is still there, and held. One that is gone before its time is on record all the same, and told of. */
async function lookAtParts(
  { files, replaced = [], period }: Manifest,
  store: ArchiveStore,
  { seen, now, signal }: Looking,
): Promise<FoundParts> {
  const limit = pLimit(parallelLooks);
  const found = new Map<ManifestFile | ManifestReplaced, FoundPart>();
  const faulty = new Set<ManifestFile | ManifestReplaced>(replaced);
  await Promise.all(
    [...files, ...replaced].map((file) =>
      limit(async () => {
        signal.throwIfAborted();
        const part = await lookAtPart(file, store, now, signal);
        if (!faulty.has(file)) seen.addPart(file, period, part);
        if (part !== undefined) found.set(file, part);
      }),
    ),
  );
  return found;
}

async function lookAtPart(
  { s3_key, version_id, retain_until }: ManifestFile | ManifestReplaced,
  store: ArchiveStore,
  now: Date,
  signal: AbortSignal,
): Promise<FoundPart | undefined> {
  if (version_id === null) return undefined;
  try {
    return { legalHold: await store.legalHold(s3_key, version_id, { signal }), isExpired: false };
  } catch (error) {
    if (!isAppError(error, 'FILE_MISSING')) throw error;
    return new Date(retain_until) <= now ? { legalHold: false, isExpired: true } : undefined;
  }
}

/** Looked up together. */
const keysOfBatch = 1_000;

async function knownManifests(
  { registry, destination: { bucket } }: ArchiveContext,
  manifests: readonly StoredManifest[],
): Promise<(manifest: StoredManifest) => boolean> {
  const known = new Set<string>();
  for (let start = 0; start < manifests.length; start += keysOfBatch) {
    const keys = manifests.slice(start, start + keysOfBatch).map(({ key }) => key);
    for (const { key, sha256, versionId } of (await findKnownObjects(registry, { bucket, keys })).values()) {
      if (versionId !== null) known.add(`${sha256} ${key}`);
    }
  }
  return ({ key, sha256 }) => known.has(`${sha256} ${key}`);
}

function recordOf(
  { destination: { bucket, encryption } }: ArchiveContext,
  { key, versionId, sha256 }: StoredManifest,
  { source, sequence, period, previous, created_at }: Manifest,
) {
  return {
    source,
    sequence,
    month: period,
    bucket,
    key,
    versionId,
    sha256,
    previousSha256: previous?.sha256 ?? null,
    encryption,
    createdAt: new Date(created_at),
  };
}

/**
 * As long and as strict as it was locked when it was stored: as the longest of its parts, and as the manifest before it.
 * What its lock was made since, no manifest has to say: that is on the object.
 */
function lockOf({ files, previous, created_at }: Manifest, found: ObjectLock | undefined) {
  const locks = [...files.map(({ retain_until }) => retain_until), previous?.retain_until ?? created_at];
  const modes = [...files.map(({ lock_mode }) => lock_mode), found?.mode];
  const lockMode: LockMode = modes.includes('COMPLIANCE') ? 'COMPLIANCE' : 'GOVERNANCE';
  const retainUntil = new Date(Math.max(...locks.map((until) => Date.parse(until)), found?.retainUntil.getTime() ?? 0));
  return { lockMode, retainUntil };
}
