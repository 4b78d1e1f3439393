import type { Command } from 'commander';
import type { AppliedBucket, ChangeOutcome } from '../../../archive/bucket/apply.ts';
import type { BucketSettings } from '../../../archive/bucket/bucket-settings.ts';
import { type BucketPlan, isFit } from '../../../archive/bucket/plan.ts';
import { planText } from '../../../archive/bucket/plan-text.ts';
import { AppError } from '../../../errors.ts';
import type { Cli, PrintOptions } from '../../cli.ts';
import { newCommand } from '../../command.ts';
import { planValue } from './plan-value.ts';
import { withBucket } from './with-bucket.ts';

interface Options extends PrintOptions {
  readonly yes?: boolean;
}

export function bucketApply(cli: Cli): Command {
  return newCommand({
    name: 'apply',
    summary: 'make the bucket what the archive wants, after printing the plan',
    description: `Prints the plan, makes its changes one by one, and reads the bucket back. Changes are made with the service's own identity, never in a role of the archive: run it as somebody who has the rights of "archive bucket policies" for it. Versioning and Object Lock can never be switched off again. Ends with 6 when the bucket is not all that is wanted afterwards.`,
    examples: ['archive bucket apply --yes'],
  })
    .option('--yes', 'yes, make these changes')
    .action(async (options: Options) => {
      const applied = await withBucket(cli, (bucket) => apply(cli, bucket, options));
      const { outcomes, after } = applied;
      cli.print(options, appliedValue(applied), () => appliedText(applied));
      const failed = outcomes.find((one) => one.outcome === 'failed');
      if (failed?.outcome === 'failed') throw failed.error;
      if (!isFit(after)) throw new AppError('BUCKET_UNFIT', `bucket ${after.bucket} is not as the archive wants it`);
    });
}

async function apply(cli: Cli, bucket: BucketSettings, options: Options): Promise<AppliedBucket> {
  const { signal } = cli.io;
  const { plan: shown } = await bucket.check(signal);
  const isRefused = hasChanges(shown) && options.yes !== true;
  // One document: with --json the plan is printed only where nothing else will be.
  if (!options.json || isRefused) cli.print(options, planValue(shown), () => planText(shown));
  if (!hasChanges(shown)) return { outcomes: [], after: shown };
  if (isRefused) throw new AppError('BAD_INPUT', `say --yes if bucket ${shown.bucket} is to be changed so`);
  return bucket.change({ shown, signal, actor: cli.actor });
}

function hasChanges({ entries }: BucketPlan): boolean {
  return entries.some(({ action }) => action === 'set');
}

function appliedText({ outcomes, after }: AppliedBucket): string {
  if (outcomes.length === 0) return 'nothing to change';
  const isDone = isFit(after);
  return [
    '',
    ...outcomes.map(outcomeLine),
    ...(isDone ? [`s3://${after.bucket} is as wanted`] : ['', 'read back:', planText(after)]),
  ].join('\n');
}

function outcomeLine(outcome: ChangeOutcome): string {
  const head = `  ${outcome.outcome.padEnd(8)} ${outcome.setting}`;
  switch (outcome.outcome) {
    case 'done':
      return head;
    case 'failed':
      return `${head}: ${outcome.error.code}: ${outcome.error.message}`;
    case 'left out':
      return `${head}: ${outcome.because} has to be as wanted first`;
  }
}

function appliedValue({ outcomes, after }: AppliedBucket) {
  const shown = outcomes.map((one) =>
    one.outcome === 'failed' ? { ...one, error: { code: one.error.code, message: one.error.message } } : one,
  );
  return { outcomes: shown, after: planValue(after) };
}
