import type { ArchiveStore, StoredVersion } from '../../aws/archive-store.ts';
import { AppError, type ErrorCode, isAppError, toAppError } from '../../errors.ts';
import { type ExpiredObject, listPastRetention, markExpired } from '../../registry/archive/expiry.ts';
import { listStoredTables } from '../../registry/archive/list-archived-tables.ts';
import { listManifestSources, manifestHead } from '../../registry/archive/manifest.ts';
import type { ArchiveContext } from '../context.ts';
import { goneBy } from './due-to-be-gone.ts';

/** What is past its retention, and still there or not to be seen. */
export interface ExpiryFinding {
  /** `OVERDUE`: the lifecycle should have removed it. Otherwise why it could not be looked at. */
  readonly code: 'OVERDUE' | ErrorCode;
  /** `s3://bucket/key`. */
  readonly object: string;
  readonly text: string;
}

export interface ExpiryProof {
  /** Proved to be gone, with every version and marker, and recorded so. */
  readonly expiredParts: number;
  readonly expiredManifests: number;
  /** Still there, and may be: the lifecycle counts from the upload, and takes its time. */
  readonly waiting: number;
  /** Still there, and should not be. */
  readonly overdue: number;
  /** Could not be looked at. */
  readonly unchecked: number;
  /** The first of what is overdue or unchecked. */
  readonly findings: readonly ExpiryFinding[];
}

export interface ProveExpiryRequest {
  readonly actor: string;
  readonly signal: AbortSignal;
}

const objectsOfBatch = 200;
const maxFindings = 1_000;

/**
 * Proves of everything past its retention whether the lifecycle has removed it, and records what is gone. Nothing is
 * deleted here: neither of our roles may, and what the bucket's own rules do not remove is reported, for a person to mend
 * the rules. What is under a hold is not looked at.
 * @throws AppError when registry or bucket cannot be used at all, or the bucket is not the archive's; CANCELLED
 */
export async function proveExpiry(
  context: ArchiveContext,
  { actor, signal }: ProveExpiryRequest,
): Promise<ExpiryProof> {
  const { registry, destination } = context;
  const result = { expiredParts: 0, expiredManifests: 0, waiting: 0, overdue: 0, unchecked: 0 };
  const findings: ExpiryFinding[] = [];
  const report = (code: ExpiryFinding['code'], { bucket, key }: ExpiredObject, text: string) => {
    if (findings.length < maxFindings) findings.push({ code, object: `s3://${bucket}/${key}`, text });
  };
  await using store = context.openStore('verifier');
  const latest = goneBy(destination, await listStoredTables(registry));
  const now = context.now();
  let isOurs = false;
  for (const kind of ['part', 'manifest'] as const) {
    for await (const object of pastRetention(context, kind, now)) {
      signal.throwIfAborted();
      if (!isOurs) await requireOurBucket(context, store, signal);
      isOurs = true;
      try {
        const left = await listLeft(store, object, signal);
        if (left.length === 0) {
          await markExpired(registry, object, { now, actor });
          if (kind === 'part') result.expiredParts++;
          else result.expiredManifests++;
        } else if (latest(object) > now) {
          result.waiting++;
        } else {
          result.overdue++;
          report('OVERDUE', object, overdueText(object, left, latest(object)));
        }
      } catch (error) {
        signal.throwIfAborted();
        const { code, message } = toAppError(error);
        result.unchecked++;
        report(code, object, message);
      }
    }
  }
  const [first] = findings;
  if (first !== undefined) {
    const { overdue, unchecked } = result;
    context.log.warn(
      { overdue, unchecked, code: first.code, err: first.text },
      'what is past its retention is not gone',
    );
  }
  return { ...result, findings };
}

async function* pastRetention(
  { registry }: ArchiveContext,
  kind: ExpiredObject['kind'],
  now: Date,
): AsyncGenerator<ExpiredObject, void> {
  for (let cursor = 0; ; ) {
    const batch = await listPastRetention(registry, kind, { now, limit: objectsOfBatch, cursor });
    yield* batch;
    const last = batch.at(-1);
    if (last === undefined || batch.length < objectsOfBatch) return;
    cursor = last.id;
  }
}

/** Every version and marker of the key; none only when both listing and HEAD say so. */
async function listLeft(
  store: ArchiveStore,
  { bucket, key, versionId }: ExpiredObject,
  signal: AbortSignal,
): Promise<readonly StoredVersion[]> {
  if (bucket !== store.bucket) {
    throw new AppError('BUCKET_UNFIT', `it lay in bucket ${bucket}, and the archive's bucket is ${store.bucket}`);
  }
  const left: StoredVersion[] = [];
  for await (const version of store.listVersions({ prefix: key, signal })) {
    if (version.key !== key) break;
    left.push(version);
  }
  if (left.length > 0 || !(await isThere(store, { key, versionId }, signal))) return left;
  throw new AppError('SERVER_ERROR', `version ${versionId} of ${key} can be read, and is not in the bucket's listing`);
}

/**
 * An empty answer is a proof only from the bucket that the archive is in: every source's newest manifest, where its
 * retention is not over, must be there.
 */
async function requireOurBucket(
  { registry, now }: ArchiveContext,
  store: ArchiveStore,
  signal: AbortSignal,
): Promise<void> {
  for (const source of await listManifestSources(registry)) {
    const head = await manifestHead(registry, source);
    if (head?.state !== 'STORED' || head.versionId === null || head.retainUntil <= now()) continue;
    if (await isThere(store, { key: head.key, versionId: head.versionId }, signal)) continue;
    throw new AppError(
      'BUCKET_UNFIT',
      `s3://${store.bucket}/${head.key}, version ${head.versionId}, the newest manifest of ${source}, is missing: nothing is called expired on the word of this bucket`,
    );
  }
}

async function isThere(
  store: ArchiveStore,
  { key, versionId }: { readonly key: string; readonly versionId: string },
  signal: AbortSignal,
): Promise<boolean> {
  try {
    await store.head(key, versionId, { signal });
    return true;
  } catch (error) {
    if (isAppError(error, 'FILE_MISSING')) return false;
    throw error;
  }
}

function overdueText({ retainUntil }: ExpiredObject, left: readonly StoredVersion[], latest: Date): string {
  const markers = left.filter(({ isDeleteMarker }) => isDeleteMarker).length;
  return `its retention was over at ${retainUntil.toISOString()} and it should be gone since ${latest.toISOString()}; there are still ${left.length - markers} versions and ${markers} delete markers: look at the bucket's lifecycle (archive bucket plan)`;
}
