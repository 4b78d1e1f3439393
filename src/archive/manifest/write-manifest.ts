import type { ArchiveStore } from '../../aws/archive-store.ts';
import { AppError, isAppError } from '../../errors.ts';
import { listUnrecordedMonths } from '../../registry/archive/archive-gaps.ts';
import { findDefinitions } from '../../registry/archive/definition.ts';
import { listUnrecordedDeletions } from '../../registry/archive/deletion.ts';
import { findUnit } from '../../registry/archive/find-unit.ts';
import { listHolds } from '../../registry/archive/hold.ts';
import { listWholeUnits } from '../../registry/archive/list-units.ts';
import {
  listManifests,
  type ManifestRecord,
  manifestHead,
  markManifestStored,
  prepareManifest,
} from '../../registry/archive/manifest.ts';
import type { LockMode, PartRecord, WholeUnit } from '../../registry/archive/unit-record.ts';
import { maxPageSize } from '../../registry/page.ts';
import { step } from '../../steps.ts';
import type { ArchiveContext } from '../context.ts';
import { manifestKey } from '../export/object-key.ts';
import type { Policy } from '../policy/policy.ts';
import type { TableDefinition } from '../source/table-definition.ts';
import { storeObject } from '../upload/store-part.ts';
import { manifestBytes } from './manifest-bytes.ts';
import { manifestContent, namedParts } from './manifest-content.ts';
import { readManifest } from './read-manifest.ts';
import { requireOwnChain } from './require-own-chain.ts';

export interface WriteManifestRequest {
  readonly source: string;
  /** `2026-01`. */
  readonly month: string;
  readonly store: ArchiveStore;
  /** Whether deletions that no manifest names yet are news enough. */
  readonly forDeletions?: boolean;
  readonly signal?: AbortSignal | undefined;
}

/** Others that add to the same chain at the same moment; each try reads its head anew. */
const maxTries = 10;

/**
 * Writes the month's manifest where it would say something new: its bytes are fixed and recorded, stored write-once and
 * locked as long as the longest of its parts, and as long as the manifest before it, read back, and recorded as stored.
 * @returns the newest manifest of the month, undefined when it has no proved part
 */
export async function writeManifest(
  context: ArchiveContext,
  request: WriteManifestRequest,
): Promise<ManifestRecord | undefined> {
  const { registry } = context;
  const { source, month } = request;
  await storePrepared(context, request);
  for (let tries = 1; ; tries++) {
    const units = (await listMonth(context, request)).filter(isArchived);
    const newest = (await listManifests(registry, { source, month })).at(-1);
    const isKnown = newest !== undefined && namesAll(newest, units) && !(await hasNewDeletions(context, request));
    if (units.length === 0 || isKnown) return newest;
    try {
      const prepared = await prepare(context, request, { units, isFirst: newest === undefined });
      step('manifest.prepared');
      await storeManifest(context, request, prepared);
      return (await listManifests(registry, { source, month })).at(-1);
    } catch (error) {
      if (!isAppError(error, 'CONFLICT') || tries === maxTries) throw error;
    }
  }
}

/**
 * What a run purged is on record in the bucket when the run ends, in a further manifest of the newest month that it purged
 * from: a registry that is lost between two runs takes no deletion with it.
 */
export async function recordDeletions(
  context: ArchiveContext,
  request: Omit<WriteManifestRequest, 'month' | 'forDeletions'>,
): Promise<void> {
  const { registry } = context;
  const unrecorded = await listUnrecordedDeletions(registry, request.source);
  const unitIds = new Set(unrecorded.map(({ unitId }) => unitId));
  let newest: string | undefined;
  for (const unitId of unitIds) {
    const { month } = await findUnit(registry, unitId);
    if (newest === undefined || month > newest) newest = month;
  }
  if (newest !== undefined) await writeManifest(context, { ...request, month: newest, forDeletions: true });
}

/**
 * What was proved by a run that was killed before its manifest is in one when the next run ends, whether that has anything
 * else to do in the month or not.
 */
export async function recordProved(
  context: ArchiveContext,
  request: Omit<WriteManifestRequest, 'month' | 'forDeletions'>,
): Promise<void> {
  for (const month of await listUnrecordedMonths(context.registry, request.source)) {
    await writeManifest(context, { ...request, month });
  }
}

async function hasNewDeletions(
  { registry }: ArchiveContext,
  { source, forDeletions = false }: WriteManifestRequest,
): Promise<boolean> {
  return forDeletions && (await listUnrecordedDeletions(registry, source)).length > 0;
}

/**
 * After a crash: what was fixed and not seen stored is stored now, byte for byte.
 * @throws AppError BAD_CONFIG before anything is written when the chain is not this signer's to go on with
 */
export async function storePrepared(
  context: ArchiveContext,
  request: Pick<WriteManifestRequest, 'source' | 'store' | 'signal'>,
): Promise<void> {
  await requireOwnChain(context, request.source);
  const prepared = await listManifests(context.registry, { source: request.source, state: 'PREPARED' });
  for (const manifest of prepared) await storeManifest(context, request, manifest);
}

async function prepare(
  context: ArchiveContext,
  { source, month }: WriteManifestRequest,
  { units, isFirst }: { readonly units: readonly WholeUnit[]; readonly isFirst: boolean },
): Promise<ManifestRecord> {
  const { registry, destination, signer, now } = context;
  await requireOwnChain(context, source);
  const previous = await manifestHead(registry, source);
  const unrecorded = await listUnrecordedDeletions(registry, source);
  const deletedFrom = new Map<number, WholeUnit>();
  for (const { unitId } of unrecorded) {
    if (!deletedFrom.has(unitId)) deletedFrom.set(unitId, await findUnit(registry, unitId));
  }
  const deletions = unrecorded.flatMap((deletion) => {
    const unit = deletedFrom.get(deletion.unitId);
    return unit === undefined ? [] : [{ deletion, unit }];
  });
  const holds = await listHolds(registry, { source, now: now() });
  const named = units.flatMap((unit) =>
    [...namedParts(unit), ...unit.replacedParts].map(({ definitionSha256 }) => definitionSha256),
  );
  const definitions = (await findDefinitions(registry, named)) as unknown as ReadonlyMap<string, TableDefinition>;
  const facts = { source, month, now: now(), previous, units, definitions, deletions, holds };
  const { bytes, sha256 } = await manifestBytes(manifestContent(facts), signer);
  const sequence = (previous?.sequence ?? 0) + 1;
  const { prefix, bucket, encryption } = destination;
  const layout = units.some(({ policy }) => (policy as unknown as Policy).layout === 'flat') ? 'flat' : 'hive';
  step('manifest.before-prepare');
  return prepareManifest(registry, {
    source,
    sequence,
    month,
    bucket,
    key: manifestKey({ prefix, layout, source, month, sequence, isFirst }),
    body: bytes.toString('utf8'),
    sha256,
    previousSha256: previous?.sha256 ?? null,
    lockMode: strictest(units),
    // Never sooner gone than the one before: so what is missing may have expired only if all that came before it may.
    retainUntil: latest([...units, ...(previous === undefined ? [] : [previous])]),
    encryption,
    deletionIds: deletions.map(({ deletion }) => deletion.id),
  });
}

async function storeManifest(
  { registry, destination }: ArchiveContext,
  { store, signal }: Pick<WriteManifestRequest, 'store' | 'signal'>,
  { id, key, body, sha256, lockMode, retainUntil, encryption, source, sequence }: ManifestRecord,
): Promise<void> {
  const bytes = Buffer.from(body);
  const { versionId } = await storeObject(store, {
    key,
    chunks: [bytes],
    sizeBytes: bytes.length,
    sha256,
    contentType: 'application/json',
    metadata: { 'billvault-source': source, 'billvault-sequence': String(sequence) },
    // It must stay readable when its parts lie in a cold class.
    storageClass: 'STANDARD',
    lock: { mode: lockMode, retainUntil },
    encryption,
    encryptionRequired: destination.encryptionRequired,
    ...(signal === undefined ? {} : { signal }),
  }).catch((error: unknown) => {
    throw isAppError(error, 'OBJECT_EXISTS') ? inTheWay(error, { source, sequence }) : error;
  });
  step('manifest.uploaded');
  await markManifestStored(registry, id, versionId);
  step('manifest.stored');
}

/** Nothing is written over what is there: it may be all that is left of another chain. */
function inTheWay(cause: AppError, { source, sequence }: Pick<ManifestRecord, 'source' | 'sequence'>): AppError {
  return new AppError(
    'OBJECT_EXISTS',
    `${cause.message}: manifest ${sequence} of ${source} goes there, and until then nothing of ${source} is archived. If it is a manifest, another registry writes there; if it is nobody's, a delete marker over it (aws s3api delete-object) makes room`,
    { cause },
  );
}

async function listMonth(
  { registry }: ArchiveContext,
  { source, month }: WriteManifestRequest,
): Promise<readonly WholeUnit[]> {
  const units: WholeUnit[] = [];
  for (let cursor = 0; ; ) {
    const page = await listWholeUnits(registry, { source, from: month, to: month }, { limit: maxPageSize, cursor });
    units.push(...page);
    const last = page.at(-1);
    if (last === undefined || page.length < maxPageSize) return units.sort(byTable);
    cursor = last.id;
  }
}

function isArchived(unit: WholeUnit): boolean {
  return namedParts(unit).length > 0 || unit.replacements.length > 0;
}

/** Whether the manifest already names every proved part with its lock, every departed row and every version that was replaced. */
function namesAll(manifest: ManifestRecord, units: readonly WholeUnit[]): boolean {
  const { files, departed, replaced = [] } = readManifest(Buffer.from(manifest.body)).manifest;
  const named = new Set(
    files.map((file) => `${file.version_id} ${file.lock_mode} ${file.retain_until} ${file.s3_key}`),
  );
  const isNamed = ({ versionId, lockMode, retainUntil, key }: PartRecord) =>
    named.has(`${versionId} ${lockMode} ${retainUntil.toISOString()} ${key}`);
  return (
    units.every((unit) => namedParts(unit).every(isNamed)) &&
    departed.length === units.reduce((sum, unit) => sum + unit.departed.length, 0) &&
    replaced.length === units.reduce((sum, unit) => sum + unit.replacements.length, 0)
  );
}

function latest(all: readonly { readonly retainUntil: Date }[]): Date {
  return new Date(Math.max(...all.map(({ retainUntil }) => retainUntil.getTime())));
}

function strictest(units: readonly WholeUnit[]): LockMode {
  return units.some(({ policy }) => (policy as unknown as Policy).lockMode === 'COMPLIANCE')
    ? 'COMPLIANCE'
    : 'GOVERNANCE';
}

function byTable(a: WholeUnit, b: WholeUnit): number {
  const name = ({ schema, table, mode }: WholeUnit) => JSON.stringify([schema, table, mode]);
  return name(a) < name(b) ? -1 : 1;
}
