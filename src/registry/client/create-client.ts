import { AppError } from '../../errors.ts';
import { recordAudit } from '../audit.ts';
import type { Client, PrismaClient } from '../generated/client.ts';
import { isUniqueViolation } from '../registry-error.ts';

const namePattern = /^[a-z][a-z0-9_]{0,39}$/;

export interface NewClient {
  readonly name: string;
  readonly title?: string | undefined;
  readonly actor: string;
}

/**
 * @throws AppError BAD_INPUT for a name that is no lower-case word of at most 40 characters, CONFLICT when it is taken
 */
export async function createClient(registry: PrismaClient, { name, title, actor }: NewClient): Promise<Client> {
  if (!namePattern.test(name)) {
    throw new AppError(
      'BAD_INPUT',
      `client name ${JSON.stringify(name)}: use a-z, 0-9 and _, starting with a letter, 40 characters at most (it names the schema raw_<name>)`,
    );
  }
  try {
    return await registry.$transaction(async (tx) => {
      const client = await tx.client.create({ data: { name, title: title ?? name } });
      await recordAudit(tx, { actor, action: 'client.created', subject: `client/${name}` });
      return client;
    });
  } catch (error) {
    if (isUniqueViolation(error)) throw new AppError('CONFLICT', `client ${name} exists already`, { cause: error });
    throw error;
  }
}
