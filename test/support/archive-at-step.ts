import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { PlanFilter } from '../../src/archive/plan/plan.ts';
import { runArchive } from '../../src/archive/run/run-archive.ts';
import type { Step } from '../../src/steps.ts';
import type { ArchiveScene } from './archive-scene.ts';

/**
 * Runs until a step is passed, as often as `times` says, and stops there, as somebody would who ends the service in peace.
 */
export async function runUntil(
  scene: ArchiveScene,
  step: Step,
  filter: PlanFilter = {},
  { times = 1 }: { readonly times?: number } = {},
): Promise<void> {
  const stop = new AbortController();
  await atStep(
    step,
    () => stop.abort(new Error('stopped by the test')),
    () =>
      runArchive(scene.context, { source: 'ledger', filter, trigger: 'manual', actor: 'test', signal: stop.signal }),
    { times },
  ).catch((error: unknown) => {
    if (!stop.signal.aborted) throw error;
  });
}

/** Does something, without waiting for it, when a step is passed during `work`: the first time, or as `times` says. */
export async function atStep<T>(
  step: Step,
  act: () => void,
  work: () => Promise<T>,
  { times = 1 }: { readonly times?: number } = {},
): Promise<T> {
  let passed = 0;
  const onStep = (message: unknown) => {
    if ((message as { readonly name: Step }).name === step && ++passed === times) act();
  };
  subscribe('billvault:step', onStep);
  try {
    return await work();
  } finally {
    unsubscribe('billvault:step', onStep);
  }
}
