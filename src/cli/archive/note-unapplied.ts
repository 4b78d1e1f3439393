import type { ArchiveContext } from '../../archive/context.ts';
import { planPolicies } from '../../archive/policy/apply-policies.ts';
import type { Resources } from '../../resources.ts';
import type { Cli } from '../cli.ts';

/** Says on standard error that billvault.yaml says something else than the policies that are gone by. */
export async function noteUnapplied(cli: Cli, archive: ArchiveContext, { config }: Resources): Promise<void> {
  const { added, changed, removed, unchanged } = await planPolicies(archive, config.archive?.policies ?? []);
  const names = [...[...added, ...changed].map(({ name }) => name), ...removed];
  // Where none is applied at all, the plan itself says so.
  if (names.length === 0 || names.length + unchanged.length === added.length) return;
  cli.io.stderr.write(
    `note: billvault.yaml differs from the policies that are applied (${names.slice(0, 5).join(', ')}): billvault archive policy plan shows how, archive policy apply takes it over\n`,
  );
}
