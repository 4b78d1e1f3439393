import { definitionSha256, type TableDefinition } from '../source/table-definition.ts';

/** The digest by which a definition that was read from somewhere is named; undefined when it is none. */
export function definitionDigest(value: unknown): string | undefined {
  try {
    return definitionSha256(value as TableDefinition);
  } catch {
    // Whatever it lacks, or has too much of: it is not the definition that was named.
    return undefined;
  }
}
