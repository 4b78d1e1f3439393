import type { Command } from 'commander';
import { findRole } from '../../registry/role/list-roles.ts';
import { parseId } from '../arguments.ts';
import type { Cli, PrintOptions } from '../cli.ts';
import { newCommand } from '../command.ts';
import { policiesFor, roleText } from './policies-text.ts';

interface Options extends PrintOptions {
  readonly bucket?: string;
  readonly prefix: string;
}

export function roleShow(cli: Cli): Command {
  return newCommand({
    name: 'show',
    summary: 'show a role with its external ID and policies',
    description:
      'Shows a role with its external ID; with --bucket also the two policies with which the client creates it (they name aws.principalArn, which has to be set).',
    examples: ['role show acme 1 --bucket acme-billing --prefix cur/'],
  })
    .argument('<client>', 'the client')
    .argument('<id>', 'number of the role, as in billvault role list', parseId)
    .option('--bucket <bucket>', 'bucket that the policies are to allow')
    .option('--prefix <prefix>', 'key prefix that the policies are to allow, exactly as in the keys', '')
    .action(async (client: string, id: number, options: Options) => {
      const { role, policies } = await cli.withResources(async ({ ingest, config }) => {
        const found = await findRole(ingest.registry, { client, id });
        return { role: found, policies: policiesFor(found, { ...options, principalArn: config.aws.principalArn }) };
      });
      cli.print(options, { ...role, policies }, () => roleText(role, policies, options));
    });
}
