import type { ListedObject, ObjectReader } from '../../aws/object-store.ts';
import { AppError } from '../../errors.ts';

/** Listings of one export's periods that run at the same time. */
const parallelListings = 4;

/** Half a kilobyte each: what one discovery may hold. Ten years of daily deliveries in 300 files are a million. */
const maxObjects = 2_000_000;

/**
 * Every object under any of the prefixes; one that lies under two is given twice.
 * @throws AppError BAD_INPUT for more than can be held: never only a part of them
 */
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
      for await (const object of reader.list({ prefix, ...(signal && { signal }) })) {
        if (objects.length >= maxObjects) throw tooMany(reader.bucket, prefix);
        objects.push(object);
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(parallelListings, prefixes.length) }, work));
  return objects;
}

function tooMany(bucket: string, prefix: string): AppError {
  const text = `s3://${bucket}/${prefix} holds more than ${maxObjects} objects: give the prefix of the exports alone`;
  return new AppError('BAD_INPUT', text);
}
