import { randomBytes } from 'node:crypto';
import type { RoleProbe } from '../../aws/access.ts';
import { failureFinding } from './failure-finding.ts';
import type { Finding } from './finding.ts';
import { type PreflightRequest, preflightJob } from './preflight-request.ts';

export interface RoleCheck {
  readonly isAssumable: boolean;
  readonly findings: readonly Finding[];
}

/** The role must be granted with its external ID, and refused without one and with any other. */
export async function checkRole(request: PreflightRequest): Promise<RoleCheck> {
  const { role } = request;
  const right = await probe(request, role.externalId);
  if (!right.granted) return { isAssumable: false, findings: [failureFinding(right.denial)] };
  const without = await probe(request, undefined);
  const wrong = await probe(request, `billvault-probe-${randomBytes(16).toString('hex')}`);
  const assumed: Finding = {
    code: 'ROLE_ASSUMED',
    severity: 'ok',
    message: `role ${role.arn} was assumed`,
    advice: '',
  };
  return { isAssumable: true, findings: [assumed, withoutId(role.arn, without), wrongId(role.arn, wrong)] };
}

function probe(request: PreflightRequest, externalId: string | undefined): Promise<RoleProbe> {
  const { aws, client, signal } = request;
  const role = { ...request.role, externalId };
  return aws.probeRole({ role, client, job: preflightJob, ...(signal ? { signal } : {}) });
}

const requireExternalId =
  "Have the client add the condition StringEquals on sts:ExternalId to the role's trust policy: as it is, any other customer of ours could name this role and be given this client's bills.";

function withoutId(arn: string, { granted }: RoleProbe): Finding {
  if (!granted) {
    const message = `role ${arn} is refused without an external ID`;
    return { code: 'EXTERNAL_ID_REQUIRED', severity: 'ok', message, advice: '' };
  }
  const message = `role ${arn} can be assumed without an external ID`;
  return { code: 'ASSUMABLE_WITHOUT_EXTERNAL_ID', severity: 'error', message, advice: requireExternalId };
}

function wrongId(arn: string, { granted }: RoleProbe): Finding {
  if (!granted) {
    const message = `role ${arn} is refused with a wrong external ID`;
    return { code: 'WRONG_EXTERNAL_ID_REFUSED', severity: 'ok', message, advice: '' };
  }
  const message = `role ${arn} can be assumed with a wrong external ID`;
  return { code: 'ASSUMABLE_WITH_WRONG_EXTERNAL_ID', severity: 'error', message, advice: requireExternalId };
}
