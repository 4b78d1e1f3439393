import { AppError } from '../../errors.ts';
import type { Registry } from '../registry.ts';

export interface Lease {
  readonly fileId: number;
  readonly owner: string;
}

/** @throws AppError LEASE_LOST when the file is no longer this owner's; the work on it must stop */
export async function renewLease(registry: Registry, lease: Lease, leaseSeconds: number): Promise<void> {
  const renewed = await registry.$executeRaw`
    update registry.file
       set lease_until = now() + make_interval(secs => ${leaseSeconds}::double precision)
     where id = ${lease.fileId} and lease_owner = ${lease.owner} and status = 'NEW'`;
  if (renewed !== 1) throw new AppError('LEASE_LOST', `the lease on file ${lease.fileId} was lost to another worker`);
}
