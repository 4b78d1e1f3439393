import type { WriterColumn } from './column.ts';

/** A name for the column of texts beside each of the named ones that no other column has, whatever its case. */
export function spillNames(columns: readonly WriterColumn[], spilled: readonly WriterColumn[]): Map<string, string> {
  // engines that query the file take names regardless of case
  const taken = new Set(columns.map(({ name }) => name.toLowerCase()));
  const names = new Map<string, string>();
  for (const { name } of spilled) {
    let spill = `${name}__text`;
    for (let underscores = 3; taken.has(spill.toLowerCase()); underscores++)
      spill = `${name}${'_'.repeat(underscores)}text`;
    taken.add(spill.toLowerCase());
    names.set(name, spill);
  }
  return names;
}
