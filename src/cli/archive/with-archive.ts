import type { ArchiveContext } from '../../archive/context.ts';
import { AppError } from '../../errors.ts';
import type { Resources } from '../../resources.ts';
import type { Cli } from '../cli.ts';

/** The least that the section has to say, on one line, which YAML takes as well. */
export const leastSection =
  'archive: {destination: {bucket: acme-archive, region: eu-central-1}, sources: {ledger: {urlVariable: LEDGER_DATABASE_URL}}, policies: [{name: ledgers, source: ledger, tables: [public.charges], timeColumn: created_at, classification: financial}]}';

/**
 * What every command of the archive works with.
 * @throws AppError BAD_CONFIG where billvault.yaml has no section `archive`
 */
export function withArchive<T>(
  cli: Cli,
  work: (archive: ArchiveContext, resources: Resources) => Promise<T>,
): Promise<T> {
  return cli.withResources(async (resources) => {
    if (resources.archive !== undefined) return work(resources.archive, resources);
    throw new AppError('BAD_CONFIG', `billvault.yaml has no section "archive"; the least is ${leastSection}`);
  });
}
