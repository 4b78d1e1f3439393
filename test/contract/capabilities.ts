/** What servers that speak S3 differ in, as far as we rely on it. A capability that is false has its tests skipped by name. */
export interface Capabilities {
  /** x-amz-checksum-* is verified, kept and answered. */
  readonly checksums: boolean;
  /** If-None-Match: * on PutObject in a bucket with versions. */
  readonly conditionalVersion: boolean;
  /** If-Match on PutObject, with the ETag as it was answered. */
  readonly conditionalReplace: boolean;
  /** If-None-Match: * on CompleteMultipartUpload. */
  readonly conditionalMultipart: boolean;
  /** CompleteMultipartUpload answers the ETag of the object. */
  readonly completeAnswersETag: boolean;
  /** Parts listed out of order are InvalidPartOrder, rather than InvalidPart. */
  readonly partOrderHasItsCode: boolean;
  /** A write to a bucket with Object Lock is refused without Content-MD5 or checksum. */
  readonly lockNeedsChecksum: boolean;
  /** Lock headers of CreateMultipartUpload take effect. */
  readonly lockOnMultipart: boolean;
  /** The storage classes of AWS are known, INTELLIGENT_TIERING among them. */
  readonly storageClasses: boolean;
  /** RestoreObject, and InvalidObjectState before it. */
  readonly restore: boolean;
  /** Encryption by the server's own keys (AES256) is taken where a write asks for it; else by a KMS key only. */
  readonly ownKeyEncryption: boolean;
  /** Default encryption of a bucket is kept and takes effect. */
  readonly bucketEncryption: boolean;
  /** A policy that denies plain HTTP can be set without locking our plain-HTTP tests out. */
  readonly secureTransportPolicy: boolean;
}

/** The stand-in is to have all of it: what it lacked would be a hole in every other test. */
export const sandboxCapabilities: Capabilities = {
  checksums: true,
  conditionalVersion: true,
  conditionalReplace: true,
  conditionalMultipart: true,
  completeAnswersETag: true,
  partOrderHasItsCode: true,
  lockNeedsChecksum: true,
  lockOnMultipart: true,
  storageClasses: true,
  restore: true,
  ownKeyEncryption: true,
  bucketEncryption: true,
  secureTransportPolicy: true,
};

/** Ceph RADOS Gateway 16.2 as Debian 12 packages it, found out by running the suite on it. */
export const cephCapabilities: Capabilities = {
  checksums: false,
  // Works without versions; with them the condition is ignored, and a further version made.
  conditionalVersion: false,
  // Takes If-None-Match: *, but answers 412 to every If-Match on a write, the right ETag included.
  conditionalReplace: false,
  // The condition is ignored, and the object replaced.
  conditionalMultipart: false,
  // The element is there, and empty.
  completeAnswersETag: false,
  partOrderHasItsCode: false,
  // The rule is not known.
  lockNeedsChecksum: false,
  // The headers are ignored: the lock has to be read back and put right.
  lockOnMultipart: false,
  // InvalidArgument for every class that the zone was not given; ours has STANDARD_IA, GLACIER and DEEP_ARCHIVE.
  storageClasses: false,
  restore: false,
  // The header is taken, and the object stored as it is.
  ownKeyEncryption: false,
  bucketEncryption: false,
  secureTransportPolicy: false,
};
