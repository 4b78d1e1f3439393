import type { IngestContext } from '../ingest/context.ts';
import type { BackgroundRuns } from './background-runs.ts';

/** What the routes work with. */
export interface ApiContext {
  readonly ingest: IngestContext;
  /** Absent: only requests to a loopback name are answered. */
  readonly token: string | undefined;
  readonly runs: BackgroundRuns;
  /** Aborted when the service stops. */
  readonly signal: AbortSignal;
}

/** Who, in the audit events, for what comes in here. */
export const apiActor = 'api';
