import type { Role, User } from './iam/directory.ts';
import type { KmsKey } from './kms/kms-keys.ts';
import type { BucketSettings, NewBucket } from './s3/bucket.ts';
import type { ObjectVersion, StoredObject } from './s3/object-version.ts';
import type { NewUpload, UploadedPart } from './s3/upload.ts';

/** One change of what the stand-in knows. All of them since the beginning, in order, make its state. */
export type Change =
  | { readonly kind: 'time'; readonly seconds: number }
  | { readonly kind: 'user'; readonly user: User }
  | { readonly kind: 'role'; readonly role: Role }
  | { readonly kind: 'role-gone'; readonly arn: string }
  | { readonly kind: 'kms-key'; readonly key: KmsKey }
  | { readonly kind: 'bucket'; readonly bucket: NewBucket }
  | { readonly kind: 'bucket-gone'; readonly bucket: string }
  | { readonly kind: 'settings'; readonly bucket: string; readonly settings: BucketSettings }
  /** A version becomes the current one; `uploadId` is the upload that it ends. */
  | { readonly kind: 'version'; readonly bucket: string; readonly version: ObjectVersion; readonly uploadId?: string }
  /** A version stays where it is, with other properties. */
  | { readonly kind: 'properties'; readonly bucket: string; readonly version: StoredObject }
  | { readonly kind: 'version-gone'; readonly bucket: string; readonly key: string; readonly versionId: string }
  | { readonly kind: 'upload'; readonly bucket: string; readonly upload: NewUpload }
  | { readonly kind: 'part'; readonly bucket: string; readonly uploadId: string; readonly part: UploadedPart }
  | { readonly kind: 'upload-gone'; readonly bucket: string; readonly uploadId: string };

/** Told of a change before it is made; when it throws, the change is not made. */
export type Note = (change: Change) => void;
