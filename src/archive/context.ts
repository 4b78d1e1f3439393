import type { ArchiveStore } from '../aws/archive-store.ts';
import type { Logger } from '../log.ts';
import type { Encryption } from '../registry/archive/unit-record.ts';
import type { PrismaClient } from '../registry/generated/client.ts';
import type { Signer } from './manifest/signer.ts';
import type { SourceDatabases } from './source/source-databases.ts';
import type { Spool } from './upload/spool.ts';

/** The one archive bucket of a deployment. */
export interface Destination {
  readonly bucket: string;
  readonly region: string;
  /** Of every key; without slashes at its ends, may be empty. */
  readonly prefix: string;
  /** What it was before: a chain that was begun below one of these goes on below the new one. */
  readonly formerPrefixes?: readonly string[] | undefined;
  readonly encryption: Encryption;
  /** False: it is asked for all the same, and a server that does not say that it did so is tolerated and told of. */
  readonly encryptionRequired: boolean;
  /** Where S3 puts a second copy of every object; absent: nowhere. */
  readonly replicaBucket?: string | undefined;
}

export interface ArchiveSettings {
  /** Rows of a range: what one transaction of a purge deletes, and what is compared at once. */
  readonly rangeRows: number;
  /** The same in bytes of text. */
  readonly rangeBytes: number;
  /** Patterns of tables never to be archived, besides those of policy/deny-list.ts. */
  readonly deny: readonly string[];
}

/** What every verb of the archive works with; made once, in the composition root. */
export interface ArchiveContext {
  readonly registry: PrismaClient;
  readonly destination: Destination;
  /** The bucket, with the writer's or the verifier's rights, or the service's own; to be disposed of after use. */
  readonly openStore: (rights: 'writer' | 'verifier' | 'own') => ArchiveStore;
  readonly sources: SourceDatabases;
  readonly signer: Signer;
  /** PEM; the signer's own and those before it. */
  readonly publicKeys: readonly string[];
  /** Takes parts while the bucket is out of reach. */
  readonly spool: Spool | undefined;
  readonly settings: ArchiveSettings;
  readonly log: Logger;
  readonly now: () => Date;
}
