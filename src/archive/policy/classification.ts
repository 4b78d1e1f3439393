/** What kind of record a table holds: it decides how long its archive must, and may, be kept. */
export const classifications = ['financial', 'audit', 'operational', 'reference'] as const;

export type Classification = (typeof classifications)[number];

export interface RetentionLimits {
  readonly minimumYears: number;
  readonly defaultYears: number;
  /** Nothing can shorten a COMPLIANCE lock, so a slip of the pen must not last a century. */
  readonly maximumYears: number;
}

/**
 * Calendar years from the end of the archived month.
 * - financial: books and vouchers are kept for ten years in most of Europe (§ 147 AO, art. 958f OR), tax records in the
 *   USA for up to seven (26 CFR 1.6001-1, IRS Publication 583).
 * - audit: an auditor's papers are kept for seven years (17 CFR 210.2-06); PCI DSS 10.5 asks for one, HIPAA for six.
 * - operational: nothing prescribes it; long enough for a year's comparison.
 * - reference: what the others are read with (prices, catalogues), so as long as the longest of them by default.
 */
export const retentionLimits: Readonly<Record<Classification, RetentionLimits>> = {
  financial: { minimumYears: 7, defaultYears: 10, maximumYears: 30 },
  audit: { minimumYears: 5, defaultYears: 7, maximumYears: 30 },
  operational: { minimumYears: 1, defaultYears: 2, maximumYears: 10 },
  reference: { minimumYears: 1, defaultYears: 10, maximumYears: 30 },
};
