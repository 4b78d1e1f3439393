import type { ListedObject, ObjectReader } from '../../aws/object-store.ts';

/** Listings of one export's periods that run at the same time. */
const parallelListings = 4;

/** Every object under any of the prefixes; one that lies under two is given twice. */
export async function listObjects(
  reader: ObjectReader,
  prefixes: readonly string[],
  signal?: AbortSignal,
): Promise<readonly ListedObject[]> {
  const objects: ListedObject[] = [];
  let next = 0;
  const work = async () => {
    for (let index = next++; index < prefixes.length; index = next++) {
      const prefix = prefixes[index];
      if (prefix === undefined) continue;
      for await (const object of reader.list({ prefix, ...(signal && { signal }) })) objects.push(object);
    }
  };
  await Promise.all(Array.from({ length: Math.min(parallelListings, prefixes.length) }, work));
  return objects;
}
