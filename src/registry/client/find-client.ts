import { AppError } from '../../errors.ts';
import type { Client } from '../generated/client.ts';
import type { Registry } from '../registry.ts';

/** @throws AppError NOT_FOUND, ILLEGAL_STATE when the client was offboarded */
export async function findClient(registry: Registry, name: string): Promise<Client> {
  const client = await registry.client.findUnique({ where: { name } });
  if (client === null) throw new AppError('NOT_FOUND', `there is no client ${JSON.stringify(name)}`);
  if (client.offboardedAt !== null) {
    throw new AppError('ILLEGAL_STATE', `client ${name} was offboarded on ${client.offboardedAt.toISOString()}`);
  }
  return client;
}
