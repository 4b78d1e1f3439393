import type { Command } from 'commander';
import { endingDays } from '../../../archive/locks/extend-ending-locks.ts';
import { extendLocks, type LockExtension, planLocks } from '../../../archive/locks/extend-locks.ts';
import type { LockFailure } from '../../../archive/locks/extension.ts';
import { countOf } from '../../../archive/plan/reason.ts';
import { AppError } from '../../../errors.ts';
import type { RetentionEffect } from '../../../registry/archive/retention.ts';
import type { Cli, PrintOptions } from '../../cli.ts';
import { newCommand } from '../../command.ts';
import { count } from '../../output/format.ts';
import { type Column, table } from '../../output/table.ts';
import { requireSource } from '../require-source.ts';
import { withArchive } from '../with-archive.ts';

interface Options extends PrintOptions {
  readonly source?: string;
  readonly dryRun?: boolean;
  readonly bypassGovernance?: boolean;
}

export function lockExtend(cli: Cli): Command {
  return newCommand({
    name: 'extend',
    summary: 'lock what is stored as long, and as strictly, as the policies want it now',
    description: `A policy that keeps longer than before also keeps what is stored already: parts and manifests get a longer lock, and a further manifest says so. The service does it by itself, ${endingDays} days before a lock ends: until then a slip in a policy can be mended, since no lock is ever made shorter or weaker. S3 makes COMPLIANCE of GOVERNANCE only for who may bypass that: --bypass-governance asks for it with the identity of the service itself, which archive.destination.bypassRoles has to list. The lifecycle of the bucket follows with archive bucket apply. Ends with 6 when one could not be changed, or no manifest be written.`,
    examples: ['archive lock extend --dry-run', 'archive lock extend'],
  })
    .option('--source <source>', 'only of this source database')
    .option('--dry-run', 'print how many parts would be locked otherwise, and stop')
    .option('--bypass-governance', 'make COMPLIANCE of GOVERNANCE where the policy says so')
    .action(async ({ source, dryRun = false, bypassGovernance = false, ...options }: Options) => {
      const { actor } = cli;
      const { signal } = cli.io;
      await withArchive(cli, async (archive) => {
        requireSource(archive, source);
        if (dryRun) {
          const effects = await planLocks(archive, source);
          cli.print(options, effects, () => effectsText(effects));
          return;
        }
        const extension = await extendLocks(archive, { source, bypassesGovernance: bypassGovernance, actor, signal });
        cli.print(options, extension, () => extensionText(extension));
        const { failed } = extension;
        if (failed > 0) throw new AppError('FILES_FAILED', `${failed} locks could not be made longer`);
      });
    });
}

const effectColumns: readonly Column<RetentionEffect>[] = [
  { title: 'policy', of: ({ policy }) => policy },
  { title: 'parts locked longer', align: 'right', of: ({ longer }) => count(longer) },
  { title: 'under GOVERNANCE, to be COMPLIANCE', align: 'right', of: ({ stronger }) => count(stronger) },
  { title: 'locked longer than it says', align: 'right', of: ({ kept }) => count(kept) },
];

function effectsText(effects: readonly RetentionEffect[]): string {
  if (effects.length === 0) return 'no policy reaches anything that is stored';
  return table(effectColumns, effects);
}

const failureColumns: readonly Column<LockFailure>[] = [
  { title: 'object', of: ({ object }) => object },
  { title: 'error', of: ({ code }) => code },
  { title: 'why', of: ({ text }) => text },
];

function extensionText(extension: LockExtension): string {
  const { units, parts, manifests, furtherManifests, weak, failed, failures } = extension;
  const changed = parts + manifests;
  const lines: string[] = [];
  if (units + changed > 0) {
    lines.push(
      `retention of ${countOf(units, 'unit')} raised; ${countOf(parts, 'part')} and ${countOf(manifests, 'manifest')} locked longer or stronger`,
    );
  }
  if (furtherManifests > 0) {
    lines.push(`${countOf(furtherManifests, 'further manifest')} ${furtherManifests === 1 ? 'says' : 'say'} so`);
  }
  if (changed > 0) lines.push("billvault archive bucket plan shows what the bucket's lifecycle has to follow");
  if (weak > 0) {
    lines.push(
      `${countOf(weak, 'object')} ${weak === 1 ? 'stays' : 'stay'} under GOVERNANCE: S3 makes COMPLIANCE of it only for who may bypass it (--bypass-governance)`,
    );
  }
  if (failed > 0) lines.push(`${count(failed)} could not be changed`, '', table(failureColumns, failures));
  if (lines.length === 0)
    return 'nothing to do: what is stored is locked as long, and as strictly, as the policies want it';
  return lines.join('\n');
}
