import pLimit from 'p-limit';
import type { ArchiveStore, StoredVersion } from '../../aws/archive-store.ts';
import { AppError, isAppError } from '../../errors.ts';
import type { ArchiveContext } from '../context.ts';
import { manifestKey, manifestPrefixOf } from '../export/object-key.ts';
import { type ChainLink, chainLink } from '../manifest/chain.ts';
import type { Manifest } from '../manifest/manifest.ts';
import { type PublicKeys, publicKeys } from '../manifest/public-keys.ts';
import { readStored } from '../manifest/read-stored.ts';

/** A manifest in the bucket that a trusted key signed and that lies where it belongs; its content is read again when needed. */
export interface StoredManifest extends Omit<ChainLink, 'key'> {
  readonly key: string;
  readonly versionId: string;
  readonly etag: string;
  readonly sizeBytes: number;
}

/** An object that is called like a manifest and is none that can be trusted. */
export interface IgnoredObject {
  readonly key: string;
  readonly versionId: string;
  readonly text: string;
}

export interface FoundManifests {
  /** In no order; of each, the version that was stored first. */
  readonly manifests: readonly StoredManifest[];
  readonly ignored: readonly IgnoredObject[];
}

const manifestName = /(?:^|\/)manifest(?:-\d{1,12})?\.json$/;
/** A hundred sources write some two a month: 24,000 in ten years. */
const maxVersions = 200_000;
/** Read at once; each may have some megabytes. */
const parallelReads = 4;
/** Versions held until they are read. */
const versionsOfBatch = 1_000;

/** Of one archive, one after the other: a prefix is changed once in years. */
const maxPrefixes = 100;

/**
 * Every manifest below the archive's prefix, in any version that is there: what was put over one, or hides it, changes
 * nothing. Where one says, signed, that the one before it lies elsewhere, the archive had another prefix then: below that
 * as well. Whoever may write into the bucket may put anything there, so what is not signed is passed over and named.
 * @throws AppError LIST_DENIED, BUCKET_NOT_FOUND, GET_DENIED, or transient
 */
export async function findManifests(
  context: ArchiveContext,
  { store, signal }: { readonly store: ArchiveStore; readonly signal: AbortSignal },
): Promise<FoundManifests> {
  const keys = publicKeys([context.signer.publicKeyPem, ...context.publicKeys]);
  const search = new Search(store, keys, signal);
  const prefixes = new Set([context.destination.prefix]);
  // What is added on the way is come to as well.
  for (const prefix of prefixes) {
    await search.below(prefix);
    for (const before of search.formerPrefixes(context.now())) prefixes.add(before);
    if (prefixes.size > maxPrefixes) {
      throw new AppError('BAD_INPUT', `the archive in s3://${store.bucket} had more than ${maxPrefixes} prefixes`);
    }
  }
  return search.found;
}

class Search {
  readonly #store: ArchiveStore;
  readonly #keys: PublicKeys;
  readonly #signal: AbortSignal;
  readonly #manifests = new Map<string, StoredManifest & { readonly age: number }>();
  readonly #ignored: IgnoredObject[] = [];
  #count = 0;

  constructor(store: ArchiveStore, keys: PublicKeys, signal: AbortSignal) {
    this.#store = store;
    this.#keys = keys;
    this.#signal = signal;
  }

  get found(): FoundManifests {
    const trusted = new Set([...this.#manifests.values()].map(({ key, versionId }) => `${versionId} ${key}`));
    // One prefix may lie within another: what is none of the one's is the other's.
    const ignored = this.#ignored.filter(({ key, versionId }) => !trusted.has(`${versionId} ${key}`));
    const byVersion = new Map(ignored.map((one) => [`${one.versionId} ${one.key}`, one]));
    return { manifests: [...this.#manifests.values()], ignored: [...byVersion.values()] };
  }

  /** Of the manifests before those that were found, where these are missing and are still to be kept. */
  formerPrefixes(now: Date): readonly string[] {
    return [...this.#manifests.values()].flatMap(({ source, previous }) => {
      if (previous === null || this.#manifests.has(identityOf({ source, ...previous }))) return [];
      if (Date.parse(previous.retain_until) <= now.getTime()) return [];
      return manifestPrefixOf(previous.key, source) ?? [];
    });
  }

  async below(prefix: string): Promise<void> {
    let batch: StoredVersion[] = [];
    const signal = this.#signal;
    for await (const version of this.#store.listVersions({ prefix: prefix === '' ? '' : `${prefix}/`, signal })) {
      if (!manifestName.test(version.key)) continue;
      if (++this.#count > maxVersions) {
        throw new AppError('BAD_INPUT', `s3://${this.#store.bucket}/${prefix} has more than ${maxVersions} manifests`);
      }
      batch.push(version);
      if (batch.length < versionsOfBatch) continue;
      await this.#lookAtAll(batch, prefix);
      batch = [];
    }
    await this.#lookAtAll(batch, prefix);
  }

  async #lookAtAll(versions: readonly StoredVersion[], prefix: string): Promise<void> {
    const limit = pLimit(parallelReads);
    const before = this.#count - versions.length;
    await Promise.all(versions.map((version, i) => limit(() => this.#lookAt(version, { prefix, age: before + i }))));
  }

  async #lookAt(version: StoredVersion, { prefix, age }: { readonly prefix: string; readonly age: number }) {
    if (version.isDeleteMarker) return;
    const { key, versionId, etag, sizeBytes } = version;
    try {
      const read = await readStored(this.#store, version, this.#signal);
      const link = chainLink(read, this.#keys, key);
      requireTrusted(link, read.manifest, { key, prefix });
      const identity = identityOf(link);
      // Versions come newest first: what was stored first stands, a copy that was put over it does not.
      if ((this.#manifests.get(identity)?.age ?? -1) < age) {
        this.#manifests.set(identity, { ...link, key, versionId, etag, sizeBytes, age });
      }
    } catch (error) {
      if (!isAppError(error, 'MANIFEST_INVALID', 'SIGNATURE_INVALID', 'FILE_COLD', 'FILE_MISSING')) throw error;
      this.#ignored.push({ key, versionId, text: error.message });
    }
  }
}

function identityOf({ source, sequence, sha256 }: Pick<ChainLink, 'source' | 'sequence' | 'sha256'>): string {
  return JSON.stringify([source, sequence, sha256]);
}

/** A copy of a manifest under another name, or of another archive, is no manifest of this one. */
function requireTrusted(
  { source, sequence, period, signatureProblem }: ChainLink,
  { previous }: Manifest,
  { key, prefix }: { readonly key: string; readonly prefix: string },
): void {
  if (signatureProblem !== undefined) throw new AppError('SIGNATURE_INVALID', signatureProblem);
  const place = { prefix, source, month: period, sequence };
  const places = [
    manifestKey({ ...place, layout: 'hive', isFirst: previous === null }),
    manifestKey({ ...place, layout: 'flat', isFirst: true }),
    manifestKey({ ...place, layout: 'flat', isFirst: false }),
  ];
  if (places.includes(key)) return;
  throw new AppError(
    'MANIFEST_INVALID',
    `it is manifest ${sequence} of ${source} ${period}, which lies at ${places[0]}`,
  );
}
