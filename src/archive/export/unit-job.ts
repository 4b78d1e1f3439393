import type pg from 'pg';
import type { ArchiveStore } from '../../aws/archive-store.ts';
import type { Policy } from '../policy/policy.ts';
import type { Throttle } from './throttle.ts';

/** What the steps of one unit share: the table's lock is held by whoever made it. */
export interface UnitJob {
  readonly unitId: number;
  readonly policy: Policy;
  /** Of the source database. */
  readonly pool: pg.Pool;
  /** With the writer's rights. */
  readonly store: ArchiveStore;
  /** With the verifier's. */
  readonly verifierStore: ArchiveStore;
  readonly throttle: Throttle;
  /** Parts that this run has read back and proved, by their ids; of all its units. */
  readonly provedParts: Set<number>;
  readonly actor: string;
  /** Aborted when the run is to stop, or the table's lock was lost. */
  readonly signal: AbortSignal;
}
