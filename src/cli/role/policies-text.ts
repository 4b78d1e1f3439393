import { type PolicyRequest, rolePolicies } from '../../ingest/clients/role-policies.ts';
import { printableJson } from '../../printable.ts';
import type { RoleDetail } from '../../registry/role/list-roles.ts';
import { facts } from '../output/table.ts';

export type RolePolicies = ReturnType<typeof rolePolicies>;

/** The policies, as far as it was said which bucket they are for. */
export function policiesFor(
  role: RoleDetail,
  request: { readonly principalArn: string | undefined; readonly bucket?: string | undefined; readonly prefix: string },
): RolePolicies | null {
  const { bucket } = request;
  if (bucket === undefined) return null;
  const complete: PolicyRequest = { ...request, role, bucket };
  return rolePolicies(complete);
}

/** A role, and what its owner has to do for it. */
export function roleText(
  role: RoleDetail,
  policies: RolePolicies | null,
  place: { readonly bucket?: string | undefined; readonly prefix: string },
): string {
  const where = `--bucket ${place.bucket ?? 'BUCKET'} --prefix ${place.prefix === '' ? 'PREFIX' : place.prefix}`;
  const head = facts([
    ['role', role.arn],
    ['region', role.region],
    ['external ID', role.externalId],
  ]);
  if (policies === null) {
    const line = `billvault role show ${role.client} ${role.id} ${where}`;
    return `${head}\n\nfor the two policies that the client creates the role with, set aws.principalArn (BILLVAULT_AWS_PRINCIPAL_ARN) to the ARN\nthat this service runs as, then:\n  ${line}`;
  }
  return [
    head,
    '\ntrust policy of the role, for the client to create:',
    printableJson(policies.trustPolicy),
    '\npermission policy of the role:',
    printableJson(policies.permissionPolicy),
    `\nnext: billvault preflight ${role.client} ${where}`,
  ].join('\n');
}
