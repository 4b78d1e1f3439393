import type { TargetFacts } from './plan-target.ts';
import type { RestoreTablePlan } from './restore-plan.ts';

/** Parts of one table that are in its target already, and what the target says of them. */
export interface TableRestoredBefore extends Pick<RestoreTablePlan, 'parts'>, Pick<TargetFacts, 'there'> {}

/** More numbers say nothing more to a person. */
const maxNamed = 5;

/**
 * Nothing is left to restore. What was restored may have been deleted since by others, which only the caller can know: an
 * empty success would look as if the rows were there.
 * @returns why it is refused; undefined when something is left
 */
export function refusalOfNothing(tables: readonly TableRestoredBefore[]): string | undefined {
  const parts = tables.flatMap((table) => table.parts);
  if (parts.length === 0 || parts.some(({ isThere }) => !isThere)) return undefined;
  const by = byText(tables.flatMap(({ there }) => [...there.values()]));
  return `everything that is selected was restored there before (${by}): ask with \`again\` (--again) to bring it back if it was deleted since`;
}

/** For the plan, where some of a table's parts are skipped and others are not. */
export function skippedNotes({ parts, there }: TableRestoredBefore): readonly string[] {
  const skipped = parts.filter(({ isThere }) => isThere);
  if (skipped.length === 0 || skipped.length === parts.length) return [];
  return [...Map.groupBy(skipped, ({ month }) => month)].map(([month, of]) => {
    const ordinals = of.map(({ ordinal }) => ordinal).join(', ');
    const by = byText(of.flatMap(({ partId }) => there.get(partId) ?? []));
    return `part ${ordinals} of ${month} was restored there before (${by}) and is skipped: --again brings it back too`;
  });
}

/** @param names as restoreName gives them: of these the number is what people know */
function byText(names: readonly string[]): string {
  const numbers = [...new Set(names.map((name) => name.split(' ')[0] ?? name))];
  const more = numbers.length > maxNamed ? ` and ${numbers.length - maxNamed} others` : '';
  return `restore ${numbers.slice(0, maxNamed).join(', ')}${more}`;
}
