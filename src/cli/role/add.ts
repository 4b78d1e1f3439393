import type { Command } from 'commander';
import { defaultRegion, registerRole } from '../../ingest/clients/register-role.ts';
import type { Cli, PrintOptions } from '../cli.ts';
import { newCommand } from '../command.ts';
import { policiesFor, roleText } from './policies-text.ts';

interface Options extends PrintOptions {
  readonly region: string;
  readonly bucket?: string;
  readonly prefix: string;
}

export function roleAdd(cli: Cli): Command {
  return newCommand({
    name: 'add',
    summary: "register a client's IAM role",
    description:
      "Registers the role of the client's account that is assumed to read its bills, and makes an external ID for it that no other role has. With --bucket, prints the two policies with which the client creates the role. The role need not exist yet.",
    examples: [
      'role add acme arn:aws:iam::123456789012:role/billvault --bucket acme-billing --prefix cur/',
      'role add acme arn:aws-us-gov:iam::123456789012:role/billvault --region us-gov-west-1',
    ],
  })
    .argument('<client>', 'the client')
    .argument('<arn>', 'ARN of the role, in any AWS partition')
    .option('--region <region>', 'region whose STS is asked', defaultRegion)
    .option('--bucket <bucket>', 'bucket that the policies are to allow')
    .option('--prefix <prefix>', 'key prefix that the policies are to allow, exactly as in the keys', '')
    .action(async (client: string, arn: string, options: Options) => {
      const { actor } = cli;
      const { region } = options;
      const { role, policies } = await cli.withResources(async ({ ingest, config }) => {
        const registered = await registerRole(ingest, { client, arn, region, actor });
        const { principalArn } = config.aws;
        const canPrint = principalArn !== undefined && options.bucket !== undefined;
        return { role: registered, policies: canPrint ? policiesFor(registered, { ...options, principalArn }) : null };
      });
      cli.print(options, { ...role, policies }, () => roleText(role, policies, options));
    });
}
