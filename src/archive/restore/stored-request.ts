import type { RestoreRecord } from '../../registry/archive/restore.ts';
import { parseRestoreRequest, type RestoreRequest } from './restore-request.ts';

/** The request in the two columns that the registry has for it. */
export function storedRequest(request: RestoreRequest): {
  readonly selection: RestoreRequest['selection'];
  readonly target: Omit<RestoreRequest, 'source' | 'selection'>;
} {
  const { source: _, selection, ...target } = request;
  return { selection, target };
}

export function requestOf({ source, selection, target }: RestoreRecord): RestoreRequest {
  return parseRestoreRequest({ source, selection, ...(target as object) });
}

/** Names a restore in the databases that it restores into: a registry that was made anew counts from 1 again. */
export function restoreName({ id, createdAt }: Pick<RestoreRecord, 'id' | 'createdAt'>): string {
  return `${id} of ${createdAt.toISOString()}`;
}
