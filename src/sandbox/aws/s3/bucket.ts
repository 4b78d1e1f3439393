import { randomBytes } from 'node:crypto';
import type { Note } from '../change.ts';
import { parsePolicy } from '../iam/parse-policy.ts';
import type { Policy } from '../iam/policy.ts';
import type { DefaultRetention } from './lock-rules.ts';
import type { DeleteMarker, ObjectVersion, StoredObject } from './object-version.ts';
import { SortedKeys } from './sorted-keys.ts';
import type { MultipartUpload, NewUpload, UploadedPart } from './upload.ts';
import { WriteRaces } from './write-races.ts';

/** Configurations that are kept as the client sent them. */
export const keptConfigs = [
  'lifecycle',
  'encryption',
  'publicAccessBlock',
  'policy',
  'replication',
  'tagging',
  'ownershipControls',
] as const;
export type KeptConfig = (typeof keptConfigs)[number];

export interface NewBucket {
  readonly name: string;
  readonly accountId: string;
  readonly region: string;
  readonly createdMs: number;
}

export type Versioning = 'Enabled' | 'Suspended' | undefined;

export interface BucketSettings {
  readonly versioning: Versioning;
  readonly objectLock: { readonly defaultRetention: DefaultRetention | undefined } | undefined;
  readonly configs: Readonly<Partial<Record<KeptConfig, string | undefined>>>;
}

interface OpenUpload extends MultipartUpload {
  readonly parts: Map<number, UploadedPart>;
}

/** One bucket: its settings, every version of every key, and the uploads under way. Knows nothing of permissions. */
export class Bucket {
  readonly name: string;
  readonly accountId: string;
  readonly region: string;
  readonly createdMs: number;
  readonly races = new WriteRaces();
  readonly keys = new SortedKeys();
  readonly #note: Note;
  readonly #uploads = new Map<string, OpenUpload>();
  /** Newest first; never empty. */
  readonly #versions = new Map<string, ObjectVersion[]>();
  #settings: BucketSettings = { versioning: undefined, objectLock: undefined, configs: {} };
  #policy: { readonly source: string; readonly parsed: Policy } | undefined;

  constructor(input: NewBucket, note: Note) {
    this.#note = note;
    this.name = input.name;
    this.accountId = input.accountId;
    this.region = input.region;
    this.createdMs = input.createdMs;
  }

  get settings(): BucketSettings {
    return this.#settings;
  }

  get versioning(): Versioning {
    return this.#settings.versioning;
  }

  get objectLock(): BucketSettings['objectLock'] {
    return this.#settings.objectLock;
  }

  get uploads(): ReadonlyMap<string, MultipartUpload> {
    return this.#uploads;
  }

  config(name: KeptConfig): string | undefined {
    return this.#settings.configs[name];
  }

  setConfig(name: KeptConfig, body: string | undefined): void {
    this.change({ configs: { ...this.#settings.configs, [name]: body } });
  }

  change(settings: Partial<BucketSettings>): void {
    const after = { ...this.#settings, ...settings };
    this.#note({ kind: 'settings', bucket: this.name, settings: after });
    this.#settings = after;
  }

  get isEmpty(): boolean {
    return this.#versions.size === 0;
  }

  get policy(): Policy | undefined {
    const source = this.config('policy');
    if (source === undefined) return undefined;
    if (this.#policy?.source !== source) this.#policy = { source, parsed: parsePolicy(source) };
    return this.#policy.parsed;
  }

  versionsOf(key: string): readonly ObjectVersion[] {
    return this.#versions.get(key) ?? [];
  }

  /** The current object; undefined when there is none or a delete marker hides it. */
  current(key: string): StoredObject | undefined {
    const newest = this.#versions.get(key)?.[0];
    return newest?.kind === 'object' ? newest : undefined;
  }

  find(key: string, versionId: string): ObjectVersion | undefined {
    return this.versionsOf(key).find((version) => version.versionId === versionId);
  }

  /** The id that a version written now gets. */
  nextVersionId(): string {
    return this.versioning === 'Enabled' ? randomBytes(24).toString('base64url') : 'null';
  }

  /**
   * Makes a version the current one, and ends the upload that it came from, if it did.
   * @returns the version that it replaces for good (the `null` version), if any
   */
  push(version: ObjectVersion, uploadId?: string): ObjectVersion | undefined {
    this.#note({ kind: 'version', bucket: this.name, version, ...(uploadId === undefined ? {} : { uploadId }) });
    if (uploadId !== undefined) this.#uploads.delete(uploadId);
    const versions = this.#versions.get(version.key);
    if (versions === undefined) {
      this.#versions.set(version.key, [version]);
      this.keys.add(version.key);
      return undefined;
    }
    const replaced = versions.findIndex((other) => other.versionId === version.versionId);
    const [gone] = replaced === -1 ? [] : versions.splice(replaced, 1);
    versions.unshift(version);
    return gone;
  }

  pushMarker(
    key: string,
    nowMs: number,
  ): { readonly marker: DeleteMarker; readonly replaced: ObjectVersion | undefined } {
    const marker: DeleteMarker = { kind: 'marker', key, versionId: this.nextVersionId(), lastModifiedMs: nowMs };
    return { marker, replaced: this.push(marker) };
  }

  /** Puts a changed record of the same version in its place. */
  replace(version: StoredObject): void {
    const versions = this.#versions.get(version.key) ?? [];
    const at = versions.findIndex((other) => other.versionId === version.versionId);
    if (at === -1) return;
    this.#note({ kind: 'properties', bucket: this.name, version });
    versions[at] = version;
  }

  /** Takes a version out for good. */
  remove(key: string, versionId: string): ObjectVersion | undefined {
    const versions = this.#versions.get(key);
    const at = versions?.findIndex((version) => version.versionId === versionId) ?? -1;
    if (versions === undefined || at === -1) return undefined;
    this.#note({ kind: 'version-gone', bucket: this.name, key, versionId });
    const [gone] = versions.splice(at, 1);
    if (versions.length === 0) {
      this.#versions.delete(key);
      this.keys.delete(key);
    }
    return gone;
  }

  beginUpload(upload: NewUpload): void {
    this.#note({ kind: 'upload', bucket: this.name, upload });
    this.#uploads.set(upload.uploadId, { ...upload, parts: new Map() });
  }

  /** The upload must be under way. @returns the part of the same number that it replaces, if any */
  keepPart(uploadId: string, part: UploadedPart): UploadedPart | undefined {
    this.#note({ kind: 'part', bucket: this.name, uploadId, part });
    const parts = this.#uploads.get(uploadId)?.parts;
    const before = parts?.get(part.partNumber);
    parts?.set(part.partNumber, part);
    return before;
  }

  /** @returns the upload, whose parts are now nobody's */
  endUpload(uploadId: string): MultipartUpload | undefined {
    const upload = this.#uploads.get(uploadId);
    if (upload === undefined) return undefined;
    this.#note({ kind: 'upload-gone', bucket: this.name, uploadId });
    this.#uploads.delete(uploadId);
    return upload;
  }

  *allVersions(): Generator<ObjectVersion, void, undefined> {
    for (const key of this.keys.sorted()) yield* this.versionsOf(key);
  }
}
