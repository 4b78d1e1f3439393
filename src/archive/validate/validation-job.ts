import type { ArchiveStore } from '../../aws/archive-store.ts';
import type { Hold } from '../../registry/archive/hold.ts';
import type { UnitSelection } from '../../registry/archive/selection.ts';
import type { ArchiveContext } from '../context.ts';
import type { ValidationCounts } from './counts.ts';
import type { ValidationFindings } from './finding.ts';

/**
 * `head`: nothing is read. `sample`: a bounded share of the parts is read whole, in the course of a year every one; and
 * every manifest. `full`: everything that is not in a cold class is read.
 */
export const validationLevels = ['head', 'sample', 'full'] as const;
export type ValidationLevel = (typeof validationLevels)[number];

/** What the steps of one validation share. */
export interface ValidationJob {
  readonly context: ArchiveContext;
  /** With the verifier's rights: nothing is changed in the bucket. */
  readonly store: ArchiveStore;
  readonly level: ValidationLevel;
  readonly selection: UnitSelection;
  /** In force. */
  readonly holds: readonly Hold[];
  readonly now: Date;
  readonly counts: ValidationCounts;
  readonly findings: ValidationFindings;
  readonly signal: AbortSignal;
}

/**
 * A manifest, and a unit's state, follow the upload within a run: what is younger than this may be under way, and its
 * absence proves nothing.
 */
const graceMillis = 24 * 3_600_000;

export function beforeGrace({ now }: Pick<ValidationJob, 'now'>): Date {
  return new Date(now.getTime() - graceMillis);
}
