import { checkExports } from './check-exports.ts';
import { checkListing } from './check-listing.ts';
import { checkRead } from './check-read.ts';
import { checkRole } from './check-role.ts';
import { failureFinding } from './failure-finding.ts';
import type { Finding } from './finding.ts';
import { type PreflightRequest, preflightJob } from './preflight-request.ts';

/**
 * Proves by real calls that a client's export can be read, and that nobody without the external ID can. The checks run in
 * order and stop where what follows could not succeed. Never throws: whatever fails is the last finding.
 */
export async function preflight(request: PreflightRequest): Promise<readonly Finding[]> {
  const findings: Finding[] = [];
  try {
    for await (const finding of check(request)) findings.push(finding);
  } catch (error) {
    findings.push(failureFinding(error));
  }
  return findings;
}

async function* check(request: PreflightRequest): AsyncGenerator<Finding, void, void> {
  const role = await checkRole(request);
  yield* role.findings;
  if (!role.isAssumable) return;
  await using reader = request.aws.openReader({ ...request, job: preflightJob });
  const listing = await checkListing(reader, request);
  yield* listing.findings;
  const [first] = listing.objects;
  if (first === undefined) return;
  const exports = await checkExports(reader, listing, request);
  yield* exports.findings;
  yield await checkRead(reader, exports.newestData ?? first, request.signal);
}
