import type { Command } from 'commander';
import { planText } from '../../../archive/bucket/plan-text.ts';
import { AppError } from '../../../errors.ts';
import type { Cli, PrintOptions } from '../../cli.ts';
import { newCommand } from '../../command.ts';
import { planValue } from './plan-value.ts';
import { withBucket } from './with-bucket.ts';

export function bucketCheck(cli: Cli): Command {
  return newCommand({
    name: 'check',
    summary: 'whether the bucket is all that the archive wants',
    description:
      'The same comparison as "archive bucket plan", for monitoring: ends with 0 exactly when there is nothing to set, nothing hidden and nothing that contradicts the archive, else with 6. Settings are read with the service\'s own identity; what that may not see, as the verifier role where one is configured.',
    examples: ['archive bucket check'],
  }).action(async (options: PrintOptions) => {
    const { plan, isFit } = await withBucket(cli, (bucket) => bucket.check(cli.io.signal));
    cli.print(options, planValue(plan), () => (isFit ? `s3://${plan.bucket} is as wanted` : planText(plan)));
    if (!isFit) throw new AppError('BUCKET_UNFIT', `bucket ${plan.bucket} is not as the archive wants it`);
  });
}
