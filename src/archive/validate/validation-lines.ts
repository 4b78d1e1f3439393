import type { Validation } from './validate-archive.ts';

/** What a person reads: one line of coverage for each kind, then the findings, errors first. */
export function validationLines({ level, isClean, counts, findings, errors, warnings }: Validation): readonly string[] {
  const coverage: readonly (readonly [number, string])[] = [
    [counts.full, `read whole and equal: ${of(counts.fullRows, 'row')}, ${of(counts.fullBytes, 'byte')}`],
    [counts.head, 'in order as far as a HEAD can tell; their content was not read'],
    [counts.cold, 'in order as far as a HEAD can tell; in a cold class, not readable now'],
    [counts.expired, 'gone after their retention'],
    [counts.unchecked, 'could not be looked at'],
    [counts.failed, 'not in order'],
  ];
  const omitted = errors + warnings - findings.length;
  return [
    `${level} validation: ${isClean ? 'clean' : 'NOT clean'}, ${of(errors, 'error')}, ${of(warnings, 'warning')}`,
    `${of(counts.parts, 'part')} of ${of(counts.bytes, 'byte')}:`,
    ...coverage.flatMap(([count, text]) => (count === 0 ? [] : [`  ${count} ${text}`])),
    `${of(counts.manifests, 'manifest')}, ${counts.manifestsRead} of them read whole and equal`,
    `${of(counts.listed, 'version')} in the bucket, ${counts.unknown} of them unknown (${of(counts.unknownBytes, 'byte')})`,
    ...(counts.doubted === 0
      ? []
      : [
          `${of(counts.doubted, 'part')} ${counts.doubted === 1 ? 'is' : 'are'} not proved any more: nothing is purged on their word`,
        ]),
    ...findings
      .toSorted((a, b) => (a.severity < b.severity ? -1 : a.severity > b.severity ? 1 : 0))
      .map(({ severity, code, subject, text }) => `${severity} ${code} ${subject}: ${text}`),
    ...(omitted > 0 ? [`and ${omitted} more ${omitted === 1 ? 'finding' : 'findings'}`] : []),
  ];
}

/** `1 part`, `2 parts`. */
function of(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`;
}
