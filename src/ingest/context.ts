import type { AwsAccess } from '../aws/access.ts';
import type { Logger } from '../log.ts';
import type { RawDatabase } from '../raw/raw.ts';
import type { PrismaClient } from '../registry/generated/client.ts';
import type { IngestSettings } from './settings.ts';

/** What every verb of the ingest works with; made once, in the composition root. */
export interface IngestContext {
  readonly registry: PrismaClient;
  readonly raw: RawDatabase;
  readonly aws: AwsAccess;
  readonly settings: IngestSettings;
  readonly log: Logger;
  readonly now: () => Date;
}
