import type { ListedObject } from '../../aws/object-store.ts';
import { type DataKey, type ManifestKey, parseKey } from './layout.ts';

/** A manifest as the listing shows it. */
export interface ListedManifest {
  readonly place: ManifestKey;
  readonly object: ListedObject;
}

/** Data objects in one period's folder, counted only: their list is the manifest's to give. */
export interface DataFolder {
  readonly place: DataKey;
  readonly count: number;
  readonly example: string;
}

/** A listing sorted into what discovery asks of it; built in one pass, nothing but the objects kept. */
export interface ListingIndex {
  readonly bucket: string;
  readonly objects: ReadonlyMap<string, ListedObject>;
  /** By period folder (a manifest without a month in its path by its key). */
  readonly manifests: ReadonlyMap<string, readonly ListedManifest[]>;
  /** By period folder. */
  readonly dataFolders: ReadonlyMap<string, DataFolder>;
  /** Objects named like data outside of every layout. */
  readonly strayKeys: readonly string[];
}

/** An object listed twice (listings of overlapping prefixes) counts once. */
export function indexListing(bucket: string, listing: Iterable<ListedObject>): ListingIndex {
  const objects = new Map<string, ListedObject>();
  const manifests = new Map<string, ListedManifest[]>();
  const dataFolders = new Map<string, DataFolder>();
  const strayKeys: string[] = [];
  for (const object of listing) {
    if (objects.has(object.key)) continue;
    objects.set(object.key, object);
    const place = parseKey(object.key);
    if (place.role === 'manifest') addManifest(manifests, { place, object });
    else if (place.role === 'data') countData(dataFolders, place, object.key);
    else if (place.role === 'unknown' && place.looksLikeData) strayKeys.push(object.key);
  }
  return { bucket, objects, manifests, dataFolders, strayKeys };
}

function addManifest(manifests: Map<string, ListedManifest[]>, manifest: ListedManifest): void {
  const { periodFolder } = manifest.place;
  const beside = manifests.get(periodFolder);
  if (beside === undefined) manifests.set(periodFolder, [manifest]);
  else beside.push(manifest);
}

function countData(dataFolders: Map<string, DataFolder>, place: DataKey, key: string): void {
  const counted = dataFolders.get(place.periodFolder);
  dataFolders.set(
    place.periodFolder,
    counted ? { ...counted, count: counted.count + 1 } : { place, count: 1, example: key },
  );
}
