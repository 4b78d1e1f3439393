/** Whether two headers name the same columns in the same order. */
export function sameColumns(one: readonly string[], other: readonly string[]): boolean {
  return one.length === other.length && one.every((column, i) => column === other[i]);
}

/** The first difference of two headers, for people. */
export function describeDifference(expected: readonly string[], columns: readonly string[]): string {
  const differing = columns.findIndex((column, i) => column !== expected[i]);
  const at = differing < 0 ? columns.length : differing;
  return `column ${at + 1} is ${quote(columns[at])} and not ${quote(expected[at])}`;
}

function quote(column: string | undefined): string {
  return column === undefined ? 'missing' : JSON.stringify(column);
}
