import pLimit from 'p-limit';
import type { ArchiveStore, ObjectLock } from '../../aws/archive-store.ts';
import { AppError, type ErrorCode, isAppError, toAppError } from '../../errors.ts';
import {
  countRetentionEffects,
  countWeakLocks,
  type LockChange,
  type LockedKind,
  listLockChanges,
  type RetentionEffect,
  raiseRetention,
  recordLock,
} from '../../registry/archive/retention.ts';
import { recordAudit } from '../../registry/audit.ts';
import { step } from '../../steps.ts';
import type { ArchiveContext } from '../context.ts';
import { recordProved } from '../manifest/write-manifest.ts';
import { listStored } from '../policy/apply-policies.ts';
import { isLockedAtLeast, lockText } from '../upload/ensure-stored.ts';
import { retentionWishes } from './retention-wishes.ts';

export interface ExtendLocksRequest {
  /** Default: every source. */
  readonly source?: string | undefined;
  /**
   * Whether GOVERNANCE is made COMPLIANCE, with the service's own rights: S3 takes that for a bypass of GOVERNANCE, which
   * neither the writer nor the verifier may.
   */
  readonly bypassesGovernance?: boolean;
  readonly actor: string;
  readonly signal: AbortSignal;
}

export interface LockFailure {
  /** `s3://bucket/key`. */
  readonly object: string;
  readonly code: ErrorCode;
  readonly text: string;
}

export interface LockExtension {
  /** Units whose retention or lock mode grew with their policy. */
  readonly units: number;
  /** Objects whose lock is longer or stronger now. */
  readonly parts: number;
  readonly manifests: number;
  /** Objects that stay under GOVERNANCE, though their policy says COMPLIANCE. */
  readonly weak: number;
  /** Objects that could not be changed; they are tried again the next time. */
  readonly failed: number;
  /** The first of them. */
  readonly failures: readonly LockFailure[];
}

/** Objects read from the registry at once. */
const objectsOfBatch = 500;
/** Each is two or three small requests. */
const parallelChanges = 8;
const maxFailures = 100;

/** What extending would do now, by policy. Nothing is changed. */
export async function planLocks(
  { registry, settings, now }: ArchiveContext,
  source?: string,
): Promise<readonly RetentionEffect[]> {
  const policies = (await listStored(registry, source)).map(({ policy }) => policy);
  return countRetentionEffects(registry, await retentionWishes(registry, { policies, deny: settings.deny }), now());
}

/**
 * Makes the locks of what is stored as long, and as strict, as the policies want it now; none is ever made shorter or weaker.
 * Units first, then their parts, a further manifest of their months that says so, and at last the manifests' own locks. What
 * is done is recorded object by object, so one that is stopped goes on where it was.
 * @throws AppError when the registry cannot be used, or the chain not be gone on with; CANCELLED
 */
export async function extendLocks(context: ArchiveContext, request: ExtendLocksRequest): Promise<LockExtension> {
  const { registry, settings, now } = context;
  const { source, actor, signal } = request;
  const policies = (await listStored(registry, source)).map(({ policy }) => policy);
  const wishes = await retentionWishes(registry, { policies, deny: settings.deny });
  const units = await raiseRetention(registry, wishes, { now: now(), actor });
  const work = new Extension(context, request);
  await using writer = context.openStore('writer');
  const parts = await work.extend('part', writer);
  for (const one of parts) await recordProved(context, { source: one, store: writer, signal });
  const manifests = await work.extend('manifest', writer);
  for (const one of new Set([...parts, ...manifests])) await work.recordEvent(one);
  const weak = await countWeakLocks(registry, { now: now(), source });
  return { units, ...work.counts, weak };
}

class Extension {
  readonly #context: ArchiveContext;
  readonly #request: ExtendLocksRequest;
  readonly #changed: LockChange[] = [];
  readonly #failures: LockFailure[] = [];
  #failed = 0;

  constructor(context: ArchiveContext, request: ExtendLocksRequest) {
    this.#context = context;
    this.#request = request;
  }

  get counts(): Pick<LockExtension, 'parts' | 'manifests' | 'failed' | 'failures'> {
    const ofKind = (wanted: LockedKind) => this.#changed.filter(({ kind }) => kind === wanted).length;
    return { parts: ofKind('part'), manifests: ofKind('manifest'), failed: this.#failed, failures: this.#failures };
  }

  /** @returns the sources of which something was changed */
  async extend(kind: LockedKind, writer: ArchiveStore): Promise<ReadonlySet<string>> {
    const { signal, bypassesGovernance = false } = this.#request;
    await using own = bypassesGovernance ? this.#context.openStore('own') : undefined;
    const sources = new Set<string>();
    for await (const batch of this.#batches(kind)) {
      const limit = pLimit(parallelChanges);
      await Promise.all(
        batch.map((change) =>
          limit(async () => {
            signal.throwIfAborted();
            if (await this.#extendOne(change, own ?? writer)) sources.add(change.source);
          }),
        ),
      );
    }
    return sources;
  }

  async recordEvent(source: string): Promise<void> {
    const { actor } = this.#request;
    const changed = this.#changed.filter((change) => change.source === source);
    const latest = Math.max(...changed.map(({ wantedUntil }) => wantedUntil.getTime()));
    const detail = {
      parts: changed.filter(({ kind }) => kind === 'part').length,
      manifests: changed.filter(({ kind }) => kind === 'manifest').length,
      until: new Date(latest).toISOString(),
    };
    const { registry } = this.#context;
    await recordAudit(registry, { actor, action: 'locks.extended', subject: `source/${source}`, detail });
  }

  async #extendOne(change: LockChange, store: ArchiveStore): Promise<boolean> {
    const { signal } = this.#request;
    try {
      await this.#put(change, store);
      this.#changed.push(change);
      return true;
    } catch (error) {
      signal.throwIfAborted();
      const { code, message: text } = toAppError(error);
      this.#failed++;
      if (this.#failures.length < maxFailures) {
        this.#failures.push({ object: `s3://${change.bucket}/${change.key}`, code, text });
      }
      if (this.#failed === 1) this.#context.log.error({ code, err: text }, 'a lock could not be made longer');
      return false;
    }
  }

  async #put(change: LockChange, store: ArchiveStore): Promise<void> {
    const { signal, bypassesGovernance = false } = this.#request;
    const { key, versionId, bucket } = change;
    if (bucket !== store.bucket) {
      throw new AppError('BUCKET_UNFIT', `it lies in bucket ${bucket}, and the archive's bucket is ${store.bucket}`);
    }
    const mode = bypassesGovernance ? change.wantedMode : change.lockMode;
    const wanted: ObjectLock = { mode, retainUntil: change.wantedUntil };
    try {
      await store.extendLock(key, versionId, wanted, { signal, bypassesGovernance });
    } catch (error) {
      throw bypassesGovernance && isAppError(error, 'ACCESS_DENIED') ? mayNotBypass(error) : error;
    }
    const found = await store.lock(key, versionId, { signal });
    if (found === undefined || !isLockedAtLeast(found, wanted)) {
      throw new AppError('LOCK_MISSING', `it is ${lockText(found)}; wanted is ${lockText(wanted)}`);
    }
    step('lock.extended');
    await recordLock(this.#context.registry, change, { mode: found.mode, retainUntil: change.wantedUntil });
  }

  async *#batches(kind: LockedKind): AsyncGenerator<readonly LockChange[], void> {
    const { registry, now } = this.#context;
    const { source, bypassesGovernance: withModes = false } = this.#request;
    for (let cursor = 0; ; ) {
      const page = { now: now(), source, withModes, limit: objectsOfBatch, cursor };
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
