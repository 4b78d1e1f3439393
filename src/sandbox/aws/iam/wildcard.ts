/** IAM's pattern: `*` for any run of characters, `?` for one. Runs in linear steps, as a hostile pattern must not hang us. */
export function matchesWildcard(pattern: string, value: string): boolean {
  let patternAt = 0;
  let valueAt = 0;
  let starAt = -1;
  let starValueAt = 0;
  while (valueAt < value.length) {
    const expected = pattern[patternAt];
    if (expected === '*') {
      starAt = patternAt;
      starValueAt = valueAt;
      patternAt += 1;
    } else if (expected === '?' || expected === value[valueAt]) {
      patternAt += 1;
      valueAt += 1;
    } else if (starAt !== -1) {
      starValueAt += 1;
      valueAt = starValueAt;
      patternAt = starAt + 1;
    } else {
      return false;
    }
  }
  while (pattern[patternAt] === '*') patternAt += 1;
  return patternAt === pattern.length;
}
