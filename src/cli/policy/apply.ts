import type { Command } from 'commander';
import { applyPolicies, planPolicies } from '../../archive/policy/apply-policies.ts';
import { differenceLines, type PolicyDifference } from '../../archive/policy/policy-difference.ts';
import { AppError } from '../../errors.ts';
import { withArchive } from '../archive/with-archive.ts';
import type { Cli } from '../cli.ts';
import { newCommand } from '../command.ts';
import { declaredPolicies } from './declared-policies.ts';
import { addFileOption, type PolicyFileOptions } from './plan.ts';

export function policyApply(cli: Cli): Command {
  const command = newCommand({
    name: 'apply',
    summary: 'apply the policies of billvault.yaml, and print what that changes first',
    description: `Makes the applied policies those of billvault.yaml, as every start of the service does; policies that were set by the API stay. What would change is printed first. Ends with 4 when the API has a policy of the same name as the file.`,
    examples: ['archive policy apply', 'archive policy apply --file policies-of-2027.yaml'],
  });
  return addFileOption(command).action(async ({ file, ...options }: PolicyFileOptions) => {
    const { actor } = cli;
    const difference = await withArchive(cli, async (archive, { config }) => {
      const wanted = declaredPolicies(cli.io, config, file);
      const planned = await planPolicies(archive, wanted);
      if (!options.json) showFirst(cli, planned);
      return { ...(await applyPolicies(archive.registry, { wanted, actor })), stored: planned.stored };
    });
    cli.print(options, difference, () => appliedText(difference));
    requireUncontested(difference);
  });
}

function showFirst(cli: Cli, difference: PolicyDifference): void {
  cli.print({}, difference, () => differenceLines(difference).join('\n'));
}

function appliedText({ added, changed, removed }: PolicyDifference): string {
  return `applied: ${added.length} added, ${changed.length} changed, ${removed.length} removed`;
}

function requireUncontested({ contested }: PolicyDifference): void {
  if (contested.length === 0) return;
  throw new AppError('CONFLICT', `not applied, because the API has policies of these names: ${contested.join(', ')}`);
}
