import { parseRoleArn, requireSamePartition } from '../../aws/arn.ts';
import { findClient } from '../../registry/client/find-client.ts';
import { createRole } from '../../registry/role/create-role.ts';
import { detailOf, type RoleDetail } from '../../registry/role/list-roles.ts';
import type { IngestContext } from '../context.ts';

export interface RoleRegistration {
  readonly client: string;
  readonly arn: string;
  /** Of the STS endpoint, and the first guess for the bucket's. */
  readonly region: string;
  readonly actor: string;
}

/** The region of AWS's commercial partition that every account has. */
export const defaultRegion = 'us-east-1';

/**
 * Registers a client's role, with an external ID made for it.
 * @throws AppError NOT_FOUND, BAD_INPUT naming what is wrong with the ARN or region, CONFLICT
 */
export async function registerRole({ registry }: IngestContext, request: RoleRegistration): Promise<RoleDetail> {
  requireSamePartition(parseRoleArn(request.arn), request.region);
  const client = await findClient(registry, request.client);
  const { arn, region, actor } = request;
  const role = await createRole(registry, { clientId: client.id, clientName: client.name, arn, region, actor });
  return detailOf(role, client.name);
}
