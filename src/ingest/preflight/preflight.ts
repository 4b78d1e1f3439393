import type { AwsAccess, OpenReader } from '../../aws/access.ts';
import type { AssumableRole } from '../../aws/credentials.ts';
import { checkExports } from './check-exports.ts';
import { checkListing } from './check-listing.ts';
import { checkRead } from './check-read.ts';
import { checkRole } from './check-role.ts';
import { failureFinding } from './failure-finding.ts';
import type { Finding } from './finding.ts';

export interface PreflightRequest {
  readonly aws: AwsAccess;
  readonly role: AssumableRole & { readonly externalId: string };
  readonly bucket: string;
  readonly bucketRegion?: string | undefined;
  readonly prefix: string;
  /** The client's name, for the session name. */
  readonly client: string;
  readonly now: Date;
  readonly signal?: AbortSignal;
}

export const preflightJob = 'preflight';

/**
 * Proves by real calls that a client's export can be read, and that nobody without the external ID can. The checks run in
 * order and stop where what follows could not succeed. Never throws: whatever fails is a finding.
 */
export async function preflight(request: PreflightRequest): Promise<readonly Finding[]> {
  const findings: Finding[] = [];
  try {
    const role = await checkRole(request);
    findings.push(...role.findings);
    if (!role.isAssumable) return findings;
    await using reader = request.aws.openReader({ ...request, job: preflightJob });
    findings.push(...(await checkBucket(reader, request)));
  } catch (error) {
    findings.push(failureFinding(error));
  }
  return findings;
}

async function checkBucket(reader: OpenReader, request: PreflightRequest): Promise<readonly Finding[]> {
  const listing = await checkListing(reader, request);
  if (listing.objects.length === 0) return listing.findings;
  const exports = await checkExports(reader, listing, request);
  const read = await checkRead(reader, exports.newestData ?? listing.objects[0], request.signal);
  return [...listing.findings, ...exports.findings, ...read];
}
