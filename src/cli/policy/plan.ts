import type { Command } from 'commander';
import { planPolicies } from '../../archive/policy/apply-policies.ts';
import { differenceLines } from '../../archive/policy/policy-difference.ts';
import { withArchive } from '../archive/with-archive.ts';
import type { Cli, PrintOptions } from '../cli.ts';
import { newCommand } from '../command.ts';
import { declaredPolicies } from './declared-policies.ts';

export interface PolicyFileOptions extends PrintOptions {
  readonly file?: string;
}

export function policyPlan(cli: Cli): Command {
  const command = newCommand({
    name: 'plan',
    summary: 'print what applying the policies of billvault.yaml would change',
    examples: ['archive policy plan', 'archive policy plan --file policies-of-2027.yaml'],
  });
  return addFileOption(command).action(async ({ file, ...options }: PolicyFileOptions) => {
    const difference = await withArchive(cli, (archive, { config }) =>
      planPolicies(archive, declaredPolicies(cli.io, config, file)),
    );
    cli.print(options, difference, () => differenceLines(difference).join('\n'));
  });
}

export function addFileOption(command: Command): Command {
  return command.option('--file <file>', 'take them from the section archive.policies of this file instead');
}
