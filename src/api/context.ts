import type { BucketSettings } from '../archive/bucket/bucket-settings.ts';
import type { ArchiveContext } from '../archive/context.ts';
import type { Policy } from '../archive/policy/policy.ts';
import type { IngestContext } from '../ingest/context.ts';
import type { BackgroundWork } from './background-work.ts';

/** What the routes work with. */
export interface ApiContext {
  readonly ingest: IngestContext;
  /** Absent where billvault.yaml has no section `archive`. */
  readonly archive: ArchiveApi | undefined;
  /** Absent: only requests to a loopback name are answered. */
  readonly token: string | undefined;
  readonly discoveries: BackgroundWork;
  /** Aborted when the service stops. */
  readonly signal: AbortSignal;
}

/** What the routes of the archive are given. */
export interface ArchiveOptions {
  readonly context: ArchiveContext;
  /** Those of billvault.yaml. */
  readonly declaredPolicies: readonly Policy[];
  readonly bucket: BucketSettings;
}

/** What the routes of the archive work with. */
export interface ArchiveApi extends ArchiveOptions {
  readonly runs: BackgroundWork;
  readonly validations: BackgroundWork;
  readonly restores: BackgroundWork;
  readonly repairs: BackgroundWork;
  /** Aborted when the service stops. */
  readonly signal: AbortSignal;
}

/** Who, in the audit events, for what comes in here. */
export const apiActor = 'api';
