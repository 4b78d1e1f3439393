import type { AwsCall } from './map-error.ts';

/** One version that something is asked of, until `signal` says otherwise. */
export interface AskedVersion {
  readonly bucket: string;
  readonly key: string;
  readonly versionId: string;
  readonly signal?: AbortSignal | undefined;
}

export function versionCall({ bucket, key, versionId }: AskedVersion, permission: string): AwsCall {
  return { operation: 'version', bucket, key, versionId, permission };
}

export function versionInput({ bucket, key, versionId }: AskedVersion) {
  return { Bucket: bucket, Key: key, VersionId: versionId };
}
