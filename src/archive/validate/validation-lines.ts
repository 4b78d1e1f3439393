import { count, countOf } from '../plan/reason.ts';
import type { Validation } from './validate-archive.ts';

/** What a person reads: one line of coverage for each kind, then the findings, errors first. */
export function validationLines({ level, isClean, counts, findings, errors, warnings }: Validation): readonly string[] {
  const coverage: readonly (readonly [number, string])[] = [
    [counts.full, `read whole and equal: ${countOf(counts.fullRows, 'row')}, ${countOf(counts.fullBytes, 'byte')}`],
    [counts.head, 'in order as far as a HEAD can tell; their content was not read'],
    [counts.cold, 'in order as far as a HEAD can tell; in a cold class, not readable now'],
    [counts.expired, 'gone after their retention'],
    [counts.unchecked, 'could not be looked at'],
    [counts.failed, 'not in order'],
  ];
  const omitted = errors + warnings - findings.length;
  return [
    `${level} validation: ${isClean ? 'clean' : 'NOT clean'}, ${countOf(errors, 'error')}, ${countOf(warnings, 'warning')}`,
    `${countOf(counts.parts, 'part')} of ${countOf(counts.bytes, 'byte')}:`,
    ...coverage.flatMap(([number, text]) => (number === 0 ? [] : [`  ${count(number)} ${text}`])),
    `${countOf(counts.manifests, 'manifest')}, ${count(counts.manifestsRead)} of them read whole and equal`,
    `${countOf(counts.listed, 'version')} in the bucket, ${count(counts.unknown)} of them unknown (${countOf(counts.unknownBytes, 'byte')})`,
    ...(counts.doubted === 0
      ? []
      : [
          `${countOf(counts.doubted, 'part')} ${counts.doubted === 1 ? 'is' : 'are'} not proved any more: nothing is purged on their word`,
        ]),
    ...findings
      .toSorted((a, b) => (a.severity < b.severity ? -1 : a.severity > b.severity ? 1 : 0))
      .map(({ severity, code, subject, text }) => `${severity} ${code} ${subject}: ${text}`),
    ...(omitted > 0 ? [`and ${countOf(omitted, 'more finding')}`] : []),
  ];
}
