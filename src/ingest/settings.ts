export interface IngestSettings {
  /** Cron pattern, in UTC, of an export that is registered without one of its own. */
  readonly schedule: string;
  /** Days after its end during which a closed month is still watched. */
  readonly settleDays: number;
  readonly keepSupersededDays: number;
  readonly leaseSeconds: number;
  /** Attempts on one file before a transient failure is taken for a permanent one. */
  readonly maxAttempts: number;
  readonly retryBaseSeconds: number;
  readonly retryCapSeconds: number;
  /** How long an idle worker waits before it looks again. */
  readonly pollSeconds: number;
  readonly maxExpandedBytes: number;
  readonly maxExpansionRatio: number;
}
