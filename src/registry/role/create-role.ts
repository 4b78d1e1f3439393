import { randomBytes } from 'node:crypto';
import { AppError } from '../../errors.ts';
import { recordAudit } from '../audit.ts';
import type { PrismaClient, Role } from '../generated/client.ts';
import { isUniqueViolation } from '../registry-error.ts';

/** 160 random bits: beyond guessing, and within the characters that sts:ExternalId allows. */
const externalIdBytes = 20;

export interface NewRole {
  readonly clientId: number;
  readonly clientName: string;
  /** Already checked to be a role ARN. */
  readonly arn: string;
  readonly region: string;
  readonly actor: string;
}

/**
 * Registers a role with an external ID made for it alone, so that nobody who can make us assume one client's role can
 * make us assume another's.
 * @throws AppError CONFLICT when this client has it already
 */
export async function createRole(registry: PrismaClient, role: NewRole): Promise<Role> {
  const externalId = `billvault-${randomBytes(externalIdBytes).toString('hex')}`;
  try {
    return await registry.$transaction(async (tx) => {
      const { clientId, arn, region } = role;
      const created = await tx.role.create({ data: { clientId, arn, region, externalId } });
      await recordAudit(tx, {
        actor: role.actor,
        action: 'role.created',
        subject: `client/${role.clientName}`,
        detail: { arn },
      });
      return created;
    });
  } catch (error) {
    if (isUniqueViolation(error)) {
      throw new AppError('CONFLICT', `client ${role.clientName} has the role ${role.arn} already`, { cause: error });
    }
    throw error;
  }
}
