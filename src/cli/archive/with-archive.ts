import { leastSection } from '../../archive/configuration.ts';
import type { ArchiveContext } from '../../archive/context.ts';
import { AppError } from '../../errors.ts';
import type { Resources } from '../../resources.ts';
import type { Cli } from '../cli.ts';

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
