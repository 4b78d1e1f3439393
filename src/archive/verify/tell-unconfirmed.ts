import type { PartRecord } from '../../registry/archive/unit-record.ts';
import type { ArchiveContext, Destination } from '../context.ts';

/** A server does it for every object or for none: saying so once is enough, validations name each. */
const told = new WeakSet<Destination>();

/** Warns, once a process, of a destination that does not say that it encrypts; it is tolerated where that is not required. */
export function tellUnconfirmed({ destination, log }: ArchiveContext, { bucket, key, encryption }: PartRecord): void {
  if (told.has(destination)) return;
  told.add(destination);
  log.warn(
    { bucket, key, algorithm: encryption.algorithm },
    'the server does not say that it encrypts what it was asked to; archive.destination.encryption.required is false',
  );
}
