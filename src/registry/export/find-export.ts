import { AppError } from '../../errors.ts';
import type { Client, Export, Role } from '../generated/client.ts';
import type { Registry } from '../registry.ts';

export type FoundExport = Export & { readonly client: Client; readonly role: Role };

/**
 * One export, by number or by `client/name`.
 * @throws AppError NOT_FOUND, ILLEGAL_STATE when its client was offboarded
 */
export async function findExport(
  registry: Registry,
  which: { readonly id: number } | { readonly client: string; readonly name: string },
): Promise<FoundExport> {
  const where = 'id' in which ? { id: which.id } : { name: which.name, client: { name: which.client } };
  const found = await registry.export.findFirst({ where, include: { client: true, role: true } });
  if (found === null) {
    const asked = 'id' in which ? String(which.id) : `${which.client}/${which.name}`;
    throw new AppError('NOT_FOUND', `there is no export ${asked}`);
  }
  if (found.client.offboardedAt !== null) {
    throw new AppError('ILLEGAL_STATE', `client ${found.client.name} was offboarded`);
  }
  return found;
}
