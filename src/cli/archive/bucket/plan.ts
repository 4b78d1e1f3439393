import type { Command } from 'commander';
import { planText } from '../../../archive/bucket/plan-text.ts';
import type { Cli, PrintOptions } from '../../cli.ts';
import { newCommand } from '../../command.ts';
import { planValue } from './plan-value.ts';
import { withBucket } from './with-bucket.ts';

export function bucketPlan(cli: Cli): Command {
  return newCommand({
    name: 'plan',
    summary: 'print what would be changed of the bucket, setting by setting',
    description:
      "Compares versioning, Object Lock, encryption, ownership, policy, public access, lifecycle and replication of the bucket with what the archive wants, and prints the difference. Nothing is changed. Settings are read with the service's own identity; what that may not see, as the verifier role where one is configured.",
    examples: ['archive bucket plan'],
  }).action(async (options: PrintOptions) => {
    const { plan } = await withBucket(cli, (bucket) => bucket.check(cli.io.signal));
    cli.print(options, planValue(plan), () => planText(plan));
  });
}
