import type { Command } from 'commander';
import type { ArchiveContext } from '../../../archive/context.ts';
import type { Manifest, ManifestDeletion, ManifestFile } from '../../../archive/manifest/manifest.ts';
import { publicKeys } from '../../../archive/manifest/public-keys.ts';
import { readManifest } from '../../../archive/manifest/read-manifest.ts';
import { verifySignature } from '../../../archive/manifest/signature.ts';
import { AppError, isAppError } from '../../../errors.ts';
import { findManifest, listChains, type ManifestSummary } from '../../../registry/archive/list-manifests.ts';
import { parseId } from '../../arguments.ts';
import type { Cli, PrintOptions } from '../../cli.ts';
import { newCommand } from '../../command.ts';
import { bytes, count, time } from '../../output/format.ts';
import { type Column, facts, table } from '../../output/table.ts';
import { withArchive } from '../with-archive.ts';

interface Options extends PrintOptions {
  readonly source?: string;
  readonly raw?: boolean;
}

export function manifestShow(cli: Cli): Command {
  return newCommand({
    name: 'show',
    summary: 'show a manifest: its parts, its deletions, its place in the chain, its signature',
    examples: ['archive manifest show 12 --source ledger', 'archive manifest show 12 --raw | sha256sum'],
  })
    .argument('<sequence>', "number in the source's chain, as in billvault archive manifest list", parseId)
    .option('--source <source>', 'whose chain, where there are several')
    .option('--raw', 'its exact bytes, as they are stored')
    .action(async (sequence: number, { source, raw, ...options }: Options) => {
      const shown = await withArchive(cli, (archive) => show(archive, { sequence, source }));
      if (raw) cli.io.stdout.write(shown.body);
      else {
        const { body: _, ...value } = shown;
        cli.print(options, value, () => manifestText(shown));
      }
      if (shown.refusal !== null) throw new AppError('SIGNATURE_INVALID', shown.refusal);
    });
}

interface ShownManifest extends ManifestSummary {
  readonly body: string;
  readonly manifest: Manifest;
  /** Why its signature is none; null where it is right. */
  readonly refusal: string | null;
}

async function show(
  archive: ArchiveContext,
  { sequence, source }: { readonly sequence: number; readonly source: string | undefined },
): Promise<ShownManifest> {
  const { registry, publicKeys: texts } = archive;
  const found = await findManifest(registry, { sequence, source: source ?? (await onlyChain(archive)) });
  const { manifest } = readManifest(Buffer.from(found.body));
  try {
    verifySignature(manifest, publicKeys(texts));
    return { ...found, manifest, refusal: null };
  } catch (error) {
    if (!isAppError(error, 'SIGNATURE_INVALID')) throw error;
    return { ...found, manifest, refusal: error.message };
  }
}

/** @throws AppError NOT_FOUND, BAD_INPUT */
async function onlyChain({ registry }: ArchiveContext): Promise<string> {
  const [chain, ...others] = await listChains(registry);
  if (chain === undefined) throw new AppError('NOT_FOUND', 'there are no manifests yet: billvault archive run');
  if (others.length === 0) return chain;
  throw new AppError('BAD_INPUT', `say which chain by --source: there are ${[chain, ...others].join(', ')}`);
}

const fileColumns: readonly Column<ManifestFile>[] = [
  { title: 'table', of: ({ table: name }) => name },
  { title: 'part', align: 'right', of: ({ part }) => String(part) },
  { title: 'rows', align: 'right', of: ({ records }) => count(records) },
  { title: 'size', align: 'right', of: ({ size_bytes }) => bytes(size_bytes) },
  { title: 'locked until', of: ({ retain_until }) => retain_until.slice(0, 10) },
  { title: 'key', of: ({ s3_key }) => s3_key },
];

const deletionColumns: readonly Column<ManifestDeletion>[] = [
  { title: 'deleted of', of: ({ table: name }) => name },
  { title: 'month', of: ({ period }) => period },
  { title: 'rows', align: 'right', of: ({ rows }) => count(rows) },
  { title: 'ranges', align: 'right', of: ({ ranges }) => count(ranges.length) },
  { title: 'by', of: ({ method }) => method },
  { title: 'who', of: ({ who }) => who },
  { title: 'when (UTC)', of: ({ when }) => time(when) },
];

function manifestText({ manifest, refusal, ...record }: ShownManifest): string {
  const { signature, files, deletions, departed, holds, compliance, retention_years } = manifest;
  const blocks = [
    facts([
      ['manifest', `${record.sequence} of ${record.source}`],
      ['month', record.month],
      ['state', record.state],
      ['object', `s3://${record.bucket}/${record.key}`],
      ['version', record.versionId],
      ['SHA-256', record.sha256],
      ['the one before', record.previousSha256],
      ['signature', refusal ?? `right, by key ${signature.key_id}`],
      ['created (UTC)', time(record.createdAt)],
      ['stored (UTC)', time(record.storedAt)],
      ['lock', `${record.lockMode} until ${time(record.retainUntil)} UTC`],
      ['retention', `${retention_years} years`],
      ['compliance', compliance.join(', ') || null],
      ['departed rows', count(departed.reduce((sum, row) => sum + row.count, 0))],
      ['holds', count(holds.length)],
    ]),
  ];
  if (files.length > 0) blocks.push(table(fileColumns, files));
  if (deletions.length > 0) blocks.push(table(deletionColumns, deletions));
  return blocks.join('\n\n');
}
