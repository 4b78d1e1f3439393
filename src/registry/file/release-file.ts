import type { ErrorCode } from '../../errors.ts';
import type { Registry } from '../registry.ts';
import { storableText } from './mark-failed.ts';
import type { Lease } from './renew-lease.ts';

export interface Release {
  readonly delaySeconds: number;
  /** Kept beside the file, so that an operator sees why it waits. */
  readonly errorCode: ErrorCode | null;
  readonly errorText: string | null;
  /** False when the attempt says nothing about the file (a shutdown, another worker still at it). */
  readonly counts: boolean;
}

/** Gives a claimed file back, to be claimed again after the delay. A lease that was lost meanwhile is left alone. */
export async function releaseFile(registry: Registry, lease: Lease, release: Release): Promise<void> {
  const errorText = release.errorText === null ? null : storableText(release.errorText);
  await registry.$executeRaw`
    update registry.file
       set lease_owner = null, lease_until = null,
           attempts = greatest(attempts - ${release.counts ? 0 : 1}::int, 0),
           not_before = now() + make_interval(secs => ${release.delaySeconds}::double precision),
           error_code = coalesce(${release.errorCode}, error_code),
           error_text = coalesce(${errorText}, error_text)
     where id = ${lease.fileId} and lease_owner = ${lease.owner} and status = 'NEW'`;
}
