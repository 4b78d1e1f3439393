import { findDefinitions } from '../../registry/archive/definition.ts';
import type { WholeUnit } from '../../registry/archive/unit-record.ts';
import type { Registry } from '../../registry/registry.ts';
import type { TableDefinition } from '../source/table-definition.ts';
import { linesOf } from './row-set.ts';

/** Lines of the table as it is now, as they would have been printed when the unit was archived, where nothing is lost by it. */
export type ComparableLines = (chunk: Buffer) => Buffer;

const newline = Buffer.from('\n');
const unchanged: ComparableLines = (chunk) => chunk;

/**
 * A column that was added since stands at the end of every line. Where it is null it says nothing that the archive does not
 * have: without it the line is what it was. Where it holds something the line stays as it is, and is another row's.
 */
export async function comparableLines(
  registry: Registry,
  unit: WholeUnit,
  current: TableDefinition,
): Promise<ComparableLines> {
  const sha256s = unit.parts.map(({ definitionSha256 }) => definitionSha256);
  const definitions = (await findDefinitions(registry, sha256s)) as unknown as ReadonlyMap<string, TableDefinition>;
  const added = [...definitions.values()].map((archived) => addedColumns(archived, current));
  const [count] = added;
  if (count === undefined || count === 0 || added.some((one) => one !== count)) return unchanged;
  const ending = Buffer.from(`${'\t\\N'.repeat(count)}\n`);
  return (chunk) => Buffer.concat([...linesOf(chunk)].flatMap((line) => withoutEnding(line, ending)));
}

function withoutEnding(line: Buffer, ending: Buffer): readonly Buffer[] {
  const cut = line.length - ending.length;
  return cut > 0 && line.subarray(cut).equals(ending) ? [line.subarray(0, cut), newline] : [line];
}

/** How many columns stand behind those of the archived definition; undefined where these are not the same. */
function addedColumns(archived: TableDefinition, current: TableDefinition): number | undefined {
  const isSame = archived.columns.every(({ name, type }, i) => {
    const now = current.columns[i];
    return now?.name === name && now.type === type;
  });
  return isSame ? current.columns.length - archived.columns.length : undefined;
}
