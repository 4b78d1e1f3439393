import type { ArchiveStore } from '../../aws/archive-store.ts';

/** The bucket, opened once a run. */
export interface RunStores {
  readonly writer: ArchiveStore;
  readonly verifier: ArchiveStore;
}
