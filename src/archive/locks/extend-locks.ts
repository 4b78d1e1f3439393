import {
  countRetentionEffects,
  countWeakLocks,
  type RetentionEffect,
  raiseRetention,
} from '../../registry/archive/retention.ts';
import type { ArchiveContext } from '../context.ts';
import { listStored } from '../policy/apply-policies.ts';
import { Extension, type ExtensionCounts } from './extension.ts';
import { retentionWishes } from './retention-wishes.ts';

export interface ExtendLocksRequest {
  /** Default: every source. */
  readonly source?: string | undefined;
  /**
   * Whether GOVERNANCE is made COMPLIANCE, with the service's own rights: S3 takes that for a bypass of GOVERNANCE, which
   * neither the writer nor the verifier may.
   */
  readonly bypassesGovernance?: boolean;
  /** Only units whose retention ends within so many days; default: all. What is begun is gone on with anyway. */
  readonly endingWithinDays?: number;
  readonly actor: string;
  readonly signal: AbortSignal;
}

export interface LockExtension extends ExtensionCounts {
  /** Units whose retention or lock mode grew with their policy. */
  readonly units: number;
  /** Objects that stay under GOVERNANCE, though their policy says COMPLIANCE. */
  readonly weak: number;
}

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
 * Units first, then their parts and the manifests' own locks, and at last a further manifest of their months: it names the
 * new locks, and until when the manifest before it is kept now. What is done is recorded object by object, so one that is
 * stopped goes on where it was; what fails stops nothing else.
 * @throws AppError when the registry cannot be used; CANCELLED
 */
export async function extendLocks(context: ArchiveContext, request: ExtendLocksRequest): Promise<LockExtension> {
  const { registry, settings, now } = context;
  const { source, actor, signal, endingWithinDays, bypassesGovernance = false } = request;
  const policies = (await listStored(registry, source)).map(({ policy }) => policy);
  const wishes = await retentionWishes(registry, { policies, deny: settings.deny });
  const units = await raiseRetention(registry, wishes, { now: now(), endingWithinDays, actor });
  await using writer = context.openStore('writer');
  await using own = bypassesGovernance ? context.openStore('own') : undefined;
  const work = new Extension(context, { source, signal, writer, own });
  try {
    await work.extend('part');
    await work.extend('manifest');
    await work.writeManifests();
  } finally {
    await work.recordEvents(actor);
  }
  const weak = await countWeakLocks(registry, { now: now(), source });
  return { units, ...work.counts, weak };
}
