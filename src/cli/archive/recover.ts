import type { Command } from 'commander';
import { type RecoveredSource, type Recovery, recoverArchive } from '../../archive/recover/recover-archive.ts';
import { AppError } from '../../errors.ts';
import { printable } from '../../printable.ts';
import type { Cli, PrintOptions } from '../cli.ts';
import { newCommand } from '../command.ts';
import { count } from '../output/format.ts';
import { type Column, table } from '../output/table.ts';
import { withArchive } from './with-archive.ts';

interface Options extends PrintOptions {
  readonly source?: string;
  readonly dryRun?: boolean;
}

const counted = (title: string, of: (source: RecoveredSource) => number) => ({
  title,
  align: 'right' as const,
  of: (source: RecoveredSource) => count(of(source)),
});

const columns: readonly Column<RecoveredSource>[] = [
  { title: 'source', of: ({ source }) => source },
  { title: 'manifests', of: ({ firstManifest, lastManifest }) => `${firstManifest} to ${lastManifest}` },
  counted('new', ({ newManifests }) => newManifests),
  counted('months', ({ months }) => months),
  counted('units', ({ units }) => units),
  counted('parts', ({ parts }) => parts),
  counted('rows', ({ rows }) => rows),
  counted('purges', ({ deletions }) => deletions),
  counted('holds', ({ holds }) => holds),
  counted('expired', ({ expiredParts }) => expiredParts),
  counted('missing', ({ missing }) => missing.length),
];

export function archiveRecover(cli: Cli): Command {
  return newCommand({
    name: 'recover',
    summary: "rebuild the registry of a source from the bucket's signed manifests",
    description:
      'For a registry that was lost, or restored from a backup: reads the manifests in the bucket, checks signatures and chain, and takes over what the registry does not have: units, parts, purges, holds. Nothing in the bucket or in a source is changed. Holds that were released since the last manifest are placed again; release them. Restores, runs and validations of before are not known. Ends with 6 when a part is gone that is to be kept.',
    examples: ['archive recover --dry-run', 'archive recover --source ledger'],
  })
    .option('--source <source>', 'only of this source database')
    .option('--dry-run', 'only show what the bucket has')
    .action(async ({ source, dryRun: isDryRun = false, ...options }: Options) => {
      const { actor } = cli;
      const { signal } = cli.io;
      const recovery = await withArchive(cli, async (archive) => {
        const recovered = await recoverArchive(archive, { source, isDryRun, actor, signal });
        if (source !== undefined && recovered.sources.length === 0) throw nothingOf(source, archive.destination.bucket);
        return recovered;
      });
      cli.print(options, recovery, () => recoveryText(recovery, isDryRun));
      if (recovery.sources.length === 0 && recovery.ignored.length > 0) throw noneTrusted(recovery.ignored.length);
      const missing = recovery.sources.flatMap((one) => one.missing);
      if (missing.length > 0) {
        throw new AppError(
          'FILE_MISSING',
          `${missing.length} parts are gone that are to be kept, such as ${missing[0]}`,
        );
      }
    });
}

function nothingOf(source: string, bucket: string): AppError {
  return new AppError(
    'NOT_FOUND',
    `s3://${bucket} has no manifest of source ${source} that a known key signed: are bucket, prefix and archive.signing.publicKeys right?`,
  );
}

function noneTrusted(manifests: number): AppError {
  return new AppError(
    'SIGNATURE_INVALID',
    `none of ${manifests} manifests can be trusted: is archive.signing.key right, and are the public keys before it in archive.signing.publicKeys?`,
  );
}

function recoveryText({ sources, ignored }: Recovery, isDryRun: boolean): string {
  const lines = sources.length === 0 ? ['no manifests found'] : [table(columns, sources)];
  for (const { missing } of sources) for (const object of missing) lines.push(`missing ${object}`);
  for (const { key, versionId, text } of ignored) lines.push(`passed over ${key} (version ${versionId}): ${text}`);
  if (sources.length > 0) lines.push(isDryRun ? 'nothing was changed' : 'next: billvault archive verify');
  return lines
    .flatMap((line) => line.split('\n'))
    .map(printable)
    .join('\n');
}
