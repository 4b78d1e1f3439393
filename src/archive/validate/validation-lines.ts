import type { Validation } from './validate-archive.ts';

/** What a person reads: one line of coverage for each kind, then the findings, errors first. */
export function validationLines({ level, isClean, counts, findings, errors, warnings }: Validation): readonly string[] {
  const coverage: readonly (readonly [number, string])[] = [
    [counts.full, `read whole and equal: ${counts.fullRows} rows, ${counts.fullBytes} bytes`],
    [counts.head, 'in order as far as a HEAD can tell; their content was not read'],
    [counts.cold, 'in order as far as a HEAD can tell; in a cold class, not readable now'],
    [counts.expired, 'gone after their retention'],
    [counts.unchecked, 'could not be looked at'],
    [counts.failed, 'not in order'],
  ];
  const omitted = errors + warnings - findings.length;
  return [
    `${level} validation: ${isClean ? 'clean' : 'NOT clean'}, ${errors} errors, ${warnings} warnings`,
    `${counts.parts} parts of ${counts.bytes} bytes:`,
    ...coverage.flatMap(([count, text]) => (count === 0 ? [] : [`  ${count} ${text}`])),
    `${counts.manifests} manifests, ${counts.manifestsRead} of them read whole and equal`,
    `${counts.listed} versions in the bucket, ${counts.unknown} of them unknown (${counts.unknownBytes} bytes)`,
    ...(counts.doubted === 0
      ? []
      : [`${counts.doubted} parts are not proved any more: nothing is purged on their word`]),
    ...findings
      .toSorted((a, b) => (a.severity < b.severity ? -1 : a.severity > b.severity ? 1 : 0))
      .map(({ severity, code, subject, text }) => `${severity} ${code} ${subject}: ${text}`),
    ...(omitted > 0 ? [`and ${omitted} more findings`] : []),
  ];
}
