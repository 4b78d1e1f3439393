import type { AwsAccess } from '../../aws/access.ts';
import type { AssumableRole } from '../../aws/credentials.ts';

export interface PreflightRequest {
  readonly aws: AwsAccess;
  readonly role: AssumableRole & { readonly externalId: string };
  readonly bucket: string;
  readonly bucketRegion?: string | undefined;
  readonly prefix: string;
  /** The client's name, for the session name. */
  readonly client: string;
  readonly now: Date;
  readonly signal?: AbortSignal;
}

/** The job in the session names of every check. */
export const preflightJob = 'preflight';
