import { channel } from 'node:diagnostics_channel';

/**
 * The named points of the flows, published on the diagnostics channel `billvault:step` as they are passed. Tracing may
 * subscribe; the fault tests subscribe to kill the process there.
 */
export const ingestSteps = [
  'export.registered',
  'delivery.before-commit',
  'delivery.registered',
  'file.claimed',
  'file.first-bytes',
  'columns.before-commit',
  'file.mid-copy',
  'file.before-commit',
  'file.after-commit',
  'file.before-registry',
  'file.after-registry',
  'publish.before',
  'publish.attached',
  'publish.after-commit',
  'publish.after-registry',
  'drop.before',
  'drop.before-commit',
  'drop.after-commit',
] as const;

export const archiveSteps = [
  'unit.begun',
  'export.mid-copy',
  'part.before-intent',
  'part.intended',
  'part.uploaded',
  'part.stored',
  'export.copied',
  'unit.exported',
  'part.proved',
  'part.verified',
  'unit.verified',
  'further.begun',
  'manifest.before-prepare',
  'manifest.prepared',
  'manifest.uploaded',
  'manifest.stored',
  'purge.before-delete',
  'purge.deleted',
  'purge.intended',
  'purge.committed',
  'purge.settled',
  'unit.purged',
  'lock.extended',
  'repair.before-intent',
  'repair.replaced',
  'restore.before-commit',
  'restore.committed',
  'restore.recorded',
  'recover.unit',
  'recover.manifest',
] as const;

export type Step = (typeof ingestSteps)[number] | (typeof archiveSteps)[number];

const stepChannel = channel('billvault:step');

export function step(name: Step, subject?: number): void {
  if (stepChannel.hasSubscribers) stepChannel.publish({ name, subject });
}
