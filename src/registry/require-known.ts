import { AppError } from '../errors.ts';
import type { Registry } from './registry.ts';

/**
 * A list about a client or export that there is none of would be empty, and say nothing of the slip of the pen.
 * @throws AppError NOT_FOUND
 */
export async function requireKnown(
  registry: Registry,
  wanted: { readonly client?: string | undefined; readonly export?: string | undefined },
): Promise<void> {
  const { client, export: name } = wanted;
  if (client === undefined) return;
  const found = await registry.client.findUnique({
    where: { name: client },
    include: { exports: { where: name === undefined ? {} : { name }, take: 1 } },
  });
  if (found === null)
    throw new AppError('NOT_FOUND', `there is no client ${JSON.stringify(client)}: billvault client list`);
  if (name !== undefined && found.exports.length === 0) {
    throw new AppError('NOT_FOUND', `there is no export ${client}/${name}: billvault export list ${client}`);
  }
}
