/** Something found that an operator should know; it fails nothing but what it names. */
export interface DiscoveryWarning {
  readonly code: DiscoveryWarningCode;
  /** What it is about; together with the code one row in the registry. */
  readonly subject: string;
  readonly text: string;
}

export const discoveryWarningCodes = [
  /** Not understood, or pointing where nothing is; this period of this export waits. */
  'MANIFEST_INVALID',
  /** It lists no file: publishing it would empty a month. */
  'MANIFEST_EMPTY',
  /** It names another bucket, but all its files are here: a copied or replicated export. */
  'MANIFEST_OF_OTHER_BUCKET',
  /** Two reports in one folder: only one of them can be followed. */
  'MANIFESTS_COLLIDE',
  'KIND_UNKNOWN',
  'KIND_NEWER',
  /** Files newer than their manifest: the next generation is on its way. */
  'DELIVERY_BEING_WRITTEN',
  /** One export has two manifests for one period; the newer counts. */
  'SAME_PERIOD_TWICE',
  /** One payer's period arrives through two exports: their tables must not be added up. */
  'SAME_MONEY_TWICE',
  /** Data in one of AWS's layouts, and no manifest: not delivered yet, or copied without it. */
  'NO_MANIFEST_YET',
  /** Data that belongs to no export: for kind `files`. */
  'NOT_IN_ANY_LAYOUT',
  /** Paths that differ in upper and lower case only. */
  'PATH_CASE',
  /** Kind `files`: objects whose path names no month. */
  'NO_PERIOD_IN_PATH',
  /** A key that PostgreSQL's text cannot hold; AWS writes none. */
  'KEY_HOLDS_NUL',
] as const;

export type DiscoveryWarningCode = (typeof discoveryWarningCodes)[number];

/** A bucket full of oddities must not fill the registry with them. */
export const maxWarningsOfOneCode = 100;

/** The first hundred of every code; the last of them says how many more there were. */
export function limitWarnings(warnings: readonly DiscoveryWarning[]): readonly DiscoveryWarning[] {
  return discoveryWarningCodes.flatMap((code) => {
    const ofCode = warnings.filter((warning) => warning.code === code);
    const kept = ofCode.slice(0, maxWarningsOfOneCode);
    const last = kept.at(-1);
    const surplus = ofCode.length - kept.length;
    if (last === undefined || surplus === 0) return kept;
    return [...kept.slice(0, -1), { ...last, text: `${last.text} (and ${surplus} more of this code)` }];
  });
}
