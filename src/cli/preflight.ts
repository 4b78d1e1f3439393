import type { Command } from 'commander';
import { AppError, type ErrorCode } from '../errors.ts';
import type { Finding, FindingCode } from '../ingest/preflight/finding.ts';
import { type PreflightReport, preflightClient } from '../ingest/preflight/preflight-client.ts';
import type { Cli, PrintOptions } from './cli.ts';
import { newCommand } from './command.ts';
import { type Column, table } from './output/table.ts';

interface Options extends PrintOptions {
  readonly bucket: string;
  readonly prefix: string;
  readonly role?: string;
}

const columns: readonly Column<Finding>[] = [
  { title: '', of: ({ severity }) => severity },
  { title: 'finding', of: ({ code }) => code },
  { title: 'what was seen', of: ({ message }) => message },
];

/** What the first error of a preflight amounts to, for the exit code. */
const errorOfFinding: Partial<Readonly<Record<FindingCode, ErrorCode>>> = {
  CREDENTIAL_ERROR: 'CREDENTIALS',
  EXTERNAL_ID_REFUSED: 'ASSUME_ROLE_DENIED',
  ASSUMABLE_WITHOUT_EXTERNAL_ID: 'ACCESS_DENIED',
  ASSUMABLE_WITH_WRONG_EXTERNAL_ID: 'ACCESS_DENIED',
  LIST_DENIED: 'LIST_DENIED',
  GET_DENIED: 'GET_DENIED',
  KMS_DENIED: 'KMS_DENIED',
  BUCKET_NOT_FOUND: 'BUCKET_NOT_FOUND',
  OBJECT_COLD: 'FILE_COLD',
  EXPORT_UNHEALTHY: 'MANIFEST_INVALID',
  FORMAT_UNSUPPORTED: 'FORMAT_UNKNOWN',
  UNREACHABLE: 'NETWORK',
};

export function preflightCommand(cli: Cli): Command {
  return newCommand({
    name: 'preflight',
    summary: "prove by real calls that a client's bills can be read",
    description:
      'Proves by real calls that the role can be assumed and the bills be read, and that nobody can who does not know the external ID. Says what to do about each finding, and keeps them with the role. Ends with 5 (access) or 6 (data) when any is an error.',
    examples: ['preflight acme --bucket acme-billing --prefix cur/'],
  })
    .argument('<client>', 'the client')
    .requiredOption('--bucket <bucket>', 'bucket with the bills')
    .option('--prefix <prefix>', 'key prefix, exactly as in the keys', '')
    .option('--role <arn>', 'which role, where the client has several')
    .action(async (client: string, options: Options) => {
      const { bucket, prefix, role: roleArn } = options;
      const { actor } = cli;
      const { signal } = cli.io;
      const report = await cli.withResources(({ ingest }) =>
        preflightClient(ingest, { client, bucket, prefix, roleArn, actor, signal }),
      );
      cli.print(options, report, () => reportText(report));
      throwIfBad(report);
    });
}

function reportText({ client, bucket, prefix, ok, findings }: PreflightReport): string {
  const advices = findings.filter(({ advice }) => advice !== '');
  const lines = [table(columns, findings)];
  if (advices.length > 0) lines.push('', ...advices.map(({ code, advice }) => `${code}: ${advice}`));
  if (ok) lines.push('', `next: billvault discover ${client} --bucket ${bucket} --prefix "${prefix}"`);
  return lines.join('\n');
}

function throwIfBad({ client, findings }: PreflightReport): void {
  const errors = findings.filter(({ severity }) => severity === 'error');
  const [first] = errors;
  if (first === undefined) return;
  const codes = errors.map(({ code }) => code).join(', ');
  throw new AppError(errorOfFinding[first.code] ?? 'INTERNAL', `preflight of ${client}: ${codes}`);
}
