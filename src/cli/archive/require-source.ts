import type { ArchiveContext } from '../../archive/context.ts';
import { AppError } from '../../errors.ts';

/**
 * What is asked of a source that there is none of would be empty, and say nothing of the slip of the pen.
 * @throws AppError NOT_FOUND
 */
export function requireSource({ sources }: Pick<ArchiveContext, 'sources'>, source: string | undefined): void {
  if (source === undefined || sources.names.includes(source)) return;
  const known = sources.names.join(', ');
  throw new AppError('NOT_FOUND', `archive.sources has no source ${JSON.stringify(source)}: it has ${known}`);
}
