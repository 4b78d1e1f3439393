/** Our own AWS identity where it is not found by the SDK's default chain (instance, container, web identity). */
export interface BaseCredentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
}

export interface AwsConfig {
  /** Only for an S3 or STS that is not AWS's. */
  readonly stsEndpoint?: string | undefined;
  readonly s3Endpoint?: string | undefined;
  /** Bucket in the path rather than in the host name; by default where there is an `s3Endpoint`. */
  readonly forcePathStyle?: boolean | undefined;
  /** False for a look-alike that refuses session policies which name KMS, such as Ceph. */
  readonly hasKms: boolean;
  readonly connectTimeoutMs: number;
  /** From sending a request to its response's headers. */
  readonly requestTimeoutMs: number;
  /** Longest wait for the next bytes of a body. */
  readonly bodyStallMs: number;
  /** An upload slower than this, for each request, is given up; it adds to `requestTimeoutMs`. */
  readonly minUploadBytesPerSecond: number;
  /** Must exceed what reads at the same time through one reader: a request that waits for a socket is timed too. */
  readonly maxSocketsPerClient: number;
  /** Attempts of one request within the SDK, the first included. */
  readonly maxAttempts: number;
  /** Life of an assumed session, 900 to 43,200; a role that assumes a role gets at most 3,600. */
  readonly sessionSeconds: number;
  /** How many S3 clients stay open between uses. */
  readonly maxCachedClients: number;
  readonly baseCredentials?: BaseCredentials | undefined;
}

export const awsDefaults = {
  hasKms: true,
  // A TCP and TLS handshake across the world takes well under a second.
  connectTimeoutMs: 5_000,
  // S3 answers within a second; a listing page or a KMS-encrypted object under load may take some.
  requestTimeoutMs: 30_000,
  bodyStallMs: 30_000,
  // A megabit: four parts of 8 MiB at once get over a line of half a megabyte a second, in a bit more than a minute.
  minUploadBytesPerSecond: 128 * 1_024,
  maxSocketsPerClient: 32,
  maxAttempts: 4,
  // The most that role chaining allows, and the least trouble.
  sessionSeconds: 3_600,
  // A client costs some hundred kilobytes and idle sockets; 64 cover what runs at once with room to spare.
  maxCachedClients: 64,
} as const satisfies AwsConfig;
