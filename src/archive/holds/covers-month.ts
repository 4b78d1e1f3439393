import type { Hold } from '../../registry/archive/hold.ts';

/** Whether anything of the source's month is under the hold: then the month's manifests are, too. */
export function coversMonth(
  hold: Pick<Hold, 'source' | 'from' | 'to'>,
  { source, month }: { readonly source: string; readonly month: string },
): boolean {
  return hold.source === source && (hold.from === null || hold.from <= month) && (hold.to === null || month <= hold.to);
}
