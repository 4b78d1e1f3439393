import { canonicalSha256 } from './canonical-json.ts';

/** One text for all definitions of a manifest: it changes exactly when a table's definition does. */
export function schemaVersion(definitions: Readonly<Record<string, unknown>>): string {
  return canonicalSha256(Object.keys(definitions).sort());
}
