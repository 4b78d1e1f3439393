import { AppError } from '../../errors.ts';
import type { Client, Role } from '../generated/client.ts';
import type { Registry } from '../registry.ts';

/** @throws AppError NOT_FOUND, or BAD_INPUT when there are several and none was named */
export async function chooseRole(registry: Registry, client: Client, arn: string | undefined): Promise<Role> {
  const roles = await registry.role.findMany({ where: { clientId: client.id }, orderBy: { id: 'asc' } });
  if (roles.length === 0) {
    throw new AppError('NOT_FOUND', `client ${client.name} has no role yet: register one by its ARN first`);
  }
  if (arn === undefined && roles.length > 1) {
    const arns = roles.map((role) => role.arn).join(', ');
    throw new AppError('BAD_INPUT', `client ${client.name} has several roles, name one of them: ${arns}`);
  }
  const role = arn === undefined ? roles[0] : roles.find((candidate) => candidate.arn === arn);
  if (role === undefined) throw new AppError('NOT_FOUND', `client ${client.name} has no role ${arn}`);
  return role;
}
