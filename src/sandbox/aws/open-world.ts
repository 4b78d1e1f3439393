import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { Journal } from './journal.ts';
import { changesOf, extentsInUse, replay } from './replay.ts';
import { FolderExtents } from './s3/folder-extents.ts';
import { MemoryExtents } from './s3/memory-extents.ts';
import { newWorld, type World } from './world.ts';

export interface OpenWorld {
  readonly world: World;
  /** Leaves the folder as short as it can be; what was acknowledged is in it without this, too. */
  close(): void;
}

/**
 * The world as it was left in `folder`, or an empty one, in memory where there is no folder. One process at a time may have
 * a folder open. Extents are written before the change that speaks of them is noted, and removed after the one that drops
 * them, so that a kill at any moment leaves at worst an extent that nobody needs, which is swept here.
 */
export async function openWorld(defaultRegion: string, folder: string | undefined): Promise<OpenWorld> {
  if (folder === undefined) {
    return { world: newWorld(defaultRegion, new MemoryExtents(), () => undefined), close: () => undefined };
  }
  mkdirSync(folder, { recursive: true });
  const journal = new Journal(join(folder, 'journal.jsonl'));
  const extents = new FolderExtents(join(folder, 'extents'));
  const world = newWorld(defaultRegion, extents, journal.note);
  for await (const change of journal.read()) replay(world, change);
  await extents.sweep(extentsInUse(world));
  journal.rewrite(changesOf(world));
  return {
    world,
    close: () => {
      journal.rewrite(changesOf(world));
      journal.close();
    },
  };
}
