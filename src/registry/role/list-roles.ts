import { AppError } from '../../errors.ts';
import type { Role } from '../generated/client.ts';
import { instant, instantOrNull } from '../instant.ts';
import type { Page } from '../page.ts';
import type { Registry } from '../registry.ts';

/** A role without its external ID: a list is passed around more than a role's own page. */
export interface RoleSummary {
  readonly id: number;
  readonly client: string;
  readonly arn: string;
  readonly region: string;
  readonly createdAt: string;
  /** When the last preflight was; its findings are in `findings`. */
  readonly checkedAt: string | null;
  /** Null before the first preflight. */
  readonly findings: unknown;
}

export interface RoleDetail extends RoleSummary {
  readonly externalId: string;
}

/** Of clients that are still ours, in the order in which they were registered. */
export async function listRoles(
  registry: Registry,
  filter: { readonly client?: string | undefined },
  { limit, cursor }: Page,
): Promise<readonly RoleSummary[]> {
  const roles = await registry.role.findMany({
    where: {
      ...(cursor === undefined ? {} : { id: { gt: cursor } }),
      client: { offboardedAt: null, ...(filter.client === undefined ? {} : { name: filter.client }) },
    },
    include: { client: { select: { name: true } } },
    orderBy: { id: 'asc' },
    take: limit,
  });
  return roles.map((role) => summaryOf(role, role.client.name));
}

/** @throws AppError NOT_FOUND when the client has no such role */
export async function findRole(
  registry: Registry,
  { client, id }: { readonly client: string; readonly id: number },
): Promise<RoleDetail> {
  const role = await registry.role.findFirst({ where: { id, client: { name: client, offboardedAt: null } } });
  if (role === null) throw new AppError('NOT_FOUND', `client ${client} has no role ${id}`);
  return detailOf(role, client);
}

export function detailOf(role: Role, client: string): RoleDetail {
  return { ...summaryOf(role, client), externalId: role.externalId };
}

function summaryOf({ id, arn, region, createdAt, checkedAt, findings }: Role, client: string): RoleSummary {
  return {
    id,
    client,
    arn,
    region,
    createdAt: instant(createdAt),
    checkedAt: instantOrNull(checkedAt),
    findings,
  };
}
