import type { Command } from 'commander';
import { listRoles, type RoleSummary } from '../../registry/role/list-roles.ts';
import { allPages } from '../all-pages.ts';
import type { Cli, PrintOptions } from '../cli.ts';
import { newCommand } from '../command.ts';
import { time } from '../output/format.ts';
import { type Column, table } from '../output/table.ts';

const columns: readonly Column<RoleSummary>[] = [
  { title: 'id', align: 'right', of: ({ id }) => String(id) },
  { title: 'client', of: ({ client }) => client },
  { title: 'role', of: ({ arn }) => arn },
  { title: 'region', of: ({ region }) => region },
  { title: 'preflight (UTC)', of: ({ checkedAt }) => (checkedAt === null ? 'never' : time(checkedAt)) },
  { title: 'errors', of: ({ findings }) => errorsOf(findings).join(' ') },
];

export function roleList(cli: Cli): Command {
  return newCommand({
    name: 'list',
    summary: 'list the roles, and what their last preflight found',
    examples: ['role list', 'role list acme'],
  })
    .argument('[client]', 'only of this client')
    .action(async (client: string | undefined, options: PrintOptions) => {
      const roles = await cli.withResources(({ ingest }) =>
        allPages((page) => listRoles(ingest.registry, { client }, page)),
      );
      cli.print(options, roles, () =>
        roles.length === 0 ? 'no roles yet: billvault role add CLIENT ROLE_ARN' : table(columns, roles),
      );
    });
}

/** Findings are stored as JSON; a table shows the codes of those that are errors. */
function errorsOf(findings: unknown): readonly string[] {
  if (!Array.isArray(findings)) return [];
  return findings.flatMap((finding: { readonly severity?: unknown; readonly code?: unknown }) =>
    finding.severity === 'error' ? [String(finding.code)] : [],
  );
}
