import { channel } from 'node:diagnostics_channel';

/**
 * The named points of the flows, published on the diagnostics channel `billvault:step` as they are passed. Tracing may
 * subscribe; the fault tests subscribe to kill the process there.
 */
export const steps = [
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

export type Step = (typeof steps)[number];

const stepChannel = channel('billvault:step');

export function step(name: Step, subject?: number): void {
  if (stepChannel.hasSubscribers) stepChannel.publish({ name, subject });
}
