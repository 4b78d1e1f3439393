import type { Command } from 'commander';
import { describeFile, type FileDescription } from '../../ingest/files/describe-file.ts';
import type { AuditRecord } from '../../registry/audit/list-audit.ts';
import { parseId } from '../arguments.ts';
import type { Cli, PrintOptions } from '../cli.ts';
import { newCommand } from '../command.ts';
import { bytes, count, month, time } from '../output/format.ts';
import { type Column, facts, table } from '../output/table.ts';

export function fileShow(cli: Cli): Command {
  return newCommand({
    name: 'show',
    summary: 'show a file in full: its error, what to do about it, its history',
    examples: ['file show 42'],
  })
    .argument('<id>', 'number of the file, as in billvault file list', parseId)
    .action(async (id: number, options: PrintOptions) => {
      const file = await cli.withResources(({ ingest }) => describeFile(ingest, id));
      cli.print(options, file, () => fileText(file));
    });
}

const eventColumns: readonly Column<AuditRecord>[] = [
  { title: 'when (UTC)', of: ({ at }) => time(at) },
  { title: 'who', of: ({ actor }) => actor },
  { title: 'what', of: ({ action }) => action },
  { title: '', of: ({ detail }) => JSON.stringify(detail) },
];

function fileText(file: FileDescription): string {
  const lines = [
    facts([
      ['file', file.id],
      ['object', `s3://${file.bucket}/${file.key}`],
      ['ETag', file.etag],
      ['version', file.versionId],
      ['size', file.sizeBytes === null ? null : `${bytes(file.sizeBytes)} (${count(file.sizeBytes)} bytes)`],
      ['last modified (UTC)', time(file.lastModified)],
      ['export', `${file.client}/${file.export}`],
      ['period', month(file.periodStart)],
      ['delivery', `${file.deliveryId} (${file.deliveryState}), file ${file.ordinal} of it`],
      ['status', file.status],
      ['attempts', file.attempts],
      ['load', file.generation],
      ['first seen (UTC)', time(file.firstSeenAt)],
      ['ingested (UTC)', file.ingestedAt === null ? null : time(file.ingestedAt)],
      ['rows', file.rows === null ? null : count(file.rows)],
      ['SHA-256', file.sha256],
      ['raw table', file.rawTable],
      ['delivery table', `${file.deliveryTable} (its rows: where _file_id = ${file.id})`],
    ]),
  ];
  if (file.leaseUntil !== null) lines.push(`a worker holds it until ${time(file.leaseUntil)} UTC`);
  if (file.notBefore !== null) lines.push(`it is tried again after ${time(file.notBefore)} UTC`);
  if (file.errorCode !== null) lines.push('', facts([['error', `${file.errorCode}: ${file.errorText}`]]));
  if (file.advice !== null) lines.push(facts([['to do', file.advice]]));
  if (file.status === 'FAILED') lines.push(`       billvault file reprocess ${file.id}`);
  if (file.events.length > 0) lines.push('', table(eventColumns, file.events));
  return lines.join('\n');
}
