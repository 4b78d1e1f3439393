import type { Command } from 'commander';
import { listStored } from '../../archive/policy/apply-policies.ts';
import { compressionText } from '../../archive/policy/compression.ts';
import type { StoredPolicy } from '../../archive/policy/policy-difference.ts';
import { requireSource } from '../archive/require-source.ts';
import { withArchive } from '../archive/with-archive.ts';
import type { Cli, PrintOptions } from '../cli.ts';
import { newCommand } from '../command.ts';
import { count } from '../output/format.ts';
import { type Column, table } from '../output/table.ts';

interface Options extends PrintOptions {
  readonly source?: string;
}

const columns: readonly Column<StoredPolicy>[] = [
  { title: 'policy', of: ({ policy }) => policy.name },
  { title: 'source', of: ({ policy }) => policy.source },
  { title: 'tables', of: ({ policy }) => policy.tables.join(', ') },
  {
    title: 'mode',
    of: ({ policy: { mode, timeColumn } }) => (timeColumn === undefined ? mode : `${mode} by ${timeColumn}`),
  },
  { title: 'hot days', align: 'right', of: ({ policy }) => count(policy.hotDays) },
  { title: 'kept years', align: 'right', of: ({ policy }) => count(policy.retentionYears) },
  { title: 'class', of: ({ policy }) => policy.classification },
  { title: 'then', of: ({ policy }) => thenText(policy) },
  { title: 'lock', of: ({ policy }) => policy.lockMode },
  { title: 'compression', of: ({ policy }) => compressionText(policy.compression) },
  { title: 'schedule (UTC)', of: ({ policy }) => (policy.enabled ? policy.schedule : 'disabled') },
  { title: 'from', of: ({ origin }) => origin },
];

export function policyList(cli: Cli): Command {
  return newCommand({
    name: 'policies',
    summary: 'list the policies that are applied',
    examples: ['archive policies', 'archive policies --source ledger --json'],
  })
    .option('--source <source>', 'only of this source database')
    .action(async ({ source, ...options }: Options) => {
      const stored = await withArchive(cli, async (archive) => {
        requireSource(archive, source);
        return listStored(archive.registry, source);
      });
      const value = stored.map(({ origin, policy }) => ({ origin, ...policy }));
      cli.print(options, value, () =>
        stored.length === 0 ? 'no policies are applied yet: billvault archive policy apply' : table(columns, stored),
      );
    });
}

function thenText({ purge, undoDays }: StoredPolicy['policy']): string {
  if (!purge) return 'keep';
  return undoDays === 0 ? 'purge' : `purge, undo ${undoDays} days`;
}
