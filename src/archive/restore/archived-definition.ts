import { AppError } from '../../errors.ts';
import { findDefinitions } from '../../registry/archive/definition.ts';
import type { Registry } from '../../registry/registry.ts';
import { definitionDigest } from '../manifest/definition-digest.ts';
import type { TableDefinition } from '../source/table-definition.ts';

/**
 * The definition of a table as it is on record, by its digest.
 * @throws AppError NOT_FOUND, PROOF_FAILED when it is not what its digest says
 */
export async function archivedDefinition(registry: Registry, sha256: string): Promise<TableDefinition> {
  const definition = (await findDefinitions(registry, [sha256])).get(sha256);
  if (definition === undefined) throw new AppError('NOT_FOUND', `the registry has no table definition ${sha256}`);
  if (definitionDigest(definition) !== sha256) {
    throw new AppError('PROOF_FAILED', `the table definition ${sha256} in the registry has been changed`);
  }
  return definition as unknown as TableDefinition;
}
