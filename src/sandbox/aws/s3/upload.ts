import type { ChecksumAlgorithm, ChecksumType } from './checksums.ts';
import type { Extent } from './extent-store.ts';
import type { ObjectProperties } from './object-version.ts';

export interface UploadedPart {
  readonly partNumber: number;
  readonly extent: Extent;
  /** MD5, hex. */
  readonly etag: string;
  readonly lastModifiedMs: number;
  /** Base64, of the upload's algorithm; undefined when the client sent none. */
  readonly checksum: string | undefined;
  readonly checksumAlgorithm: ChecksumAlgorithm | undefined;
}

export interface NewUpload {
  readonly uploadId: string;
  readonly key: string;
  readonly initiatedMs: number;
  readonly properties: ObjectProperties;
  readonly checksumAlgorithm: ChecksumAlgorithm | undefined;
  readonly checksumType: ChecksumType | undefined;
}

/** A multipart upload that is neither completed nor aborted. */
export interface MultipartUpload extends NewUpload {
  readonly parts: ReadonlyMap<number, UploadedPart>;
}
