import pLimit from 'p-limit';
import type { ArchiveStore, ObjectLock } from '../../aws/archive-store.ts';
import { AppError, type ErrorCode, isAppError, toAppError } from '../../errors.ts';
import { listMonthsWithNewLocks } from '../../registry/archive/archive-gaps.ts';
import { listManifestSources, listManifests } from '../../registry/archive/manifest.ts';
import { type LockChange, type LockedKind, listLockChanges, recordLock } from '../../registry/archive/retention.ts';
import { recordAudit } from '../../registry/audit.ts';
import { toRegistryError } from '../../registry/registry-error.ts';
import { step } from '../../steps.ts';
import type { ArchiveContext } from '../context.ts';
import { requireKnownChain } from '../manifest/require-known-chain.ts';
import { writeManifest } from '../manifest/write-manifest.ts';
import { isLockedAtLeast, lockText } from '../upload/ensure-stored.ts';

export interface LockFailure {
  /** `s3://bucket/key`; or the source of which no further manifest could be written. */
  readonly object: string;
  readonly code: ErrorCode;
  readonly text: string;
}

export interface ExtensionCounts {
  /** Objects whose lock is longer or stronger now. */
  readonly parts: number;
  readonly manifests: number;
  /** Manifests that were written to say so. */
  readonly furtherManifests: number;
  /** What could not be changed or written; it is tried again the next time. */
  readonly failed: number;
  /** The first of them. */
  readonly failures: readonly LockFailure[];
}

export interface ExtensionOptions {
  readonly source: string | undefined;
  readonly signal: AbortSignal;
  readonly writer: ArchiveStore;
  /** What GOVERNANCE is made COMPLIANCE with; undefined: it is not. */
  readonly own: ArchiveStore | undefined;
}

/** Objects read from the registry at once. */
const objectsOfBatch = 500;
/** Each is two or three small requests. */
const parallelChanges = 8;
const maxFailures = 100;

/** What was done to the objects of one source. */
class Done {
  part = 0;
  manifest = 0;
  /** The latest date, in milliseconds. */
  until = 0;
  /** Months of parts, `2026-01`. */
  readonly months = new Set<string>();

  add({ kind, wantedUntil, month }: LockChange): void {
    this[kind]++;
    this.until = Math.max(this.until, wantedUntil.getTime());
    if (kind === 'part') this.months.add(month);
  }
}

/** One going over everything whose lock is shorter or weaker than its unit's. */
export class Extension {
  readonly #context: ArchiveContext;
  readonly #options: ExtensionOptions;
  readonly #done = new Map<string, Done>();
  readonly #failures: LockFailure[] = [];
  #failed = 0;
  #furtherManifests = 0;

  constructor(context: ArchiveContext, options: ExtensionOptions) {
    this.#context = context;
    this.#options = options;
  }

  get counts(): ExtensionCounts {
    const sum = (kind: LockedKind) => [...this.#done.values()].reduce((total, done) => total + done[kind], 0);
    return {
      parts: sum('part'),
      manifests: sum('manifest'),
      furtherManifests: this.#furtherManifests,
      failed: this.#failed,
      failures: this.#failures,
    };
  }

  async extend(kind: LockedKind): Promise<void> {
    const { signal } = this.#options;
    for await (const batch of this.#batches(kind)) {
      const limit = pLimit(parallelChanges);
      // Settled, so that what is under way when it is cancelled is on record as well.
      const changes = await Promise.allSettled(
        batch.map((change) => limit(async () => signal.aborted || this.#extendOne(change))),
      );
      signal.throwIfAborted();
      for (const change of changes) if (change.status === 'rejected') throw change.reason;
    }
  }

  /** A further manifest of every month whose newest one knows other locks, also where one was stopped before it. */
  async writeManifests(): Promise<void> {
    const { registry } = this.#context;
    const { source, signal, writer: store } = this.#options;
    await using verifier = this.#context.openStore('verifier');
    for (const one of source === undefined ? await listManifestSources(registry) : [source]) {
      const changed = this.#done.get(one)?.months ?? [];
      const months = new Set([...changed, ...(await listMonthsWithNewLocks(registry, one))]);
      if (months.size === 0) continue;
      try {
        await requireKnownChain(this.#context, { source: one, store: verifier, signal });
        for (const month of [...months].sort()) {
          signal.throwIfAborted();
          const newest = (await listManifests(registry, { source: one, month })).at(-1);
          // The first one is written by whoever proves the month's parts.
          if (newest === undefined) continue;
          const written = await writeManifest(this.#context, { source: one, month, store, signal });
          if (written?.id !== newest.id) this.#furtherManifests++;
        }
      } catch (error) {
        this.#fail(`manifests of ${one}`, error);
      }
    }
  }

  async recordEvents(actor: string): Promise<void> {
    for (const [source, { part: parts, manifest: manifests, until }] of this.#done) {
      const detail = { parts, manifests, until: new Date(until).toISOString() };
      await recordAudit(this.#context.registry, {
        actor,
        action: 'locks.extended',
        subject: `source/${source}`,
        detail,
      });
    }
  }

  async #extendOne(change: LockChange): Promise<void> {
    try {
      if (await this.#put(change)) this.#count(change);
    } catch (error) {
      // Over and gone already: the daily proof of expiry records it.
      if (isAppError(error, 'FILE_MISSING') && change.retainUntil <= this.#context.now()) return;
      this.#fail(`s3://${change.bucket}/${change.key}`, error);
    }
  }

  #count(change: LockChange): void {
    const done = this.#done.get(change.source) ?? new Done();
    done.add(change);
    this.#done.set(change.source, done);
  }

  /** @throws AppError CANCELLED */
  #fail(object: string, error: unknown): void {
    this.#options.signal.throwIfAborted();
    const { code, message: text } = toAppError(toRegistryError(error));
    if (this.#failed === 0) this.#context.log.error({ object, code, err: text }, 'locks could not be made longer');
    this.#failed++;
    if (this.#failures.length < maxFailures) this.#failures.push({ object, code, text });
  }

  /** @returns false when the object is not what is on record any more */
  async #put(change: LockChange): Promise<boolean> {
    const { signal, writer, own } = this.#options;
    const { key, versionId, bucket, lockMode, wantedMode, wantedUntil: retainUntil } = change;
    if (bucket !== writer.bucket) {
      throw new AppError('BUCKET_UNFIT', `it lies in bucket ${bucket}, and the archive's bucket is ${writer.bucket}`);
    }
    const bypass = wantedMode === lockMode ? undefined : own;
    const wanted: ObjectLock = { mode: bypass === undefined ? lockMode : wantedMode, retainUntil };
    try {
      const options = { signal, bypassesGovernance: bypass !== undefined };
      await (bypass ?? writer).extendLock(key, versionId, wanted, options);
    } catch (error) {
      throw bypass !== undefined && isAppError(error, 'ACCESS_DENIED') ? mayNotBypass(error) : error;
    }
    const found = await writer.lock(key, versionId, { signal });
    if (found === undefined || !isLockedAtLeast(found, wanted)) {
      throw new AppError('LOCK_MISSING', `it is ${lockText(found)}; wanted is ${lockText(wanted)}`);
    }
    step('lock.extended');
    return recordLock(this.#context.registry, change, { mode: found.mode, retainUntil });
  }

  async *#batches(kind: LockedKind): AsyncGenerator<readonly LockChange[], void> {
    const { registry, now } = this.#context;
    const { source, own } = this.#options;
    for (let cursor = 0; ; ) {
      const page = { now: now(), source, withModes: own !== undefined, limit: objectsOfBatch, cursor };
      const batch = await listLockChanges(registry, kind, page);
      if (batch.length > 0) yield batch;
      const last = batch.at(-1);
      if (last === undefined || batch.length < objectsOfBatch) return;
      // By id, so that one that cannot be changed does not come again.
      cursor = last.id;
    }
  }
}

function mayNotBypass(cause: AppError): AppError {
  return new AppError(
    'ACCESS_DENIED',
    `${cause.message}: the service's own identity needs s3:BypassGovernanceRetention and s3:PutObjectRetention, and a place in archive.destination.bypassRoles, which the bucket's policy excepts (billvault archive bucket apply)`,
    { cause },
  );
}
