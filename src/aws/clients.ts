import { KMSClient } from '@aws-sdk/client-kms';
import { S3Client } from '@aws-sdk/client-s3';
import { STSClient } from '@aws-sdk/client-sts';
import type { AwsConfig } from './config.ts';
import type { RefreshingCredentials } from './credentials.ts';

/** The region that requests to a bucket are signed for; it moves when S3 says that the bucket is elsewhere. */
export interface BucketRegion {
  current: string;
}

/**
 * @returns a client that asks `credentials` and `region` anew for every request; without `credentials` it is the service
 *   itself that asks, by its own identity
 */
export function makeS3Client(
  config: AwsConfig,
  region: BucketRegion,
  credentials: RefreshingCredentials | undefined,
): S3Client {
  return new S3Client({
    // S3's own redirect middleware swaps the region of the shared client under other requests; see S3ObjectReader.
    region: async () => region.current,
    ...(credentials === undefined ? ownIdentity(config) : { credentials: () => freshSession(credentials) }),
    ...(config.s3Endpoint === undefined ? {} : { endpoint: config.s3Endpoint }),
    forcePathStyle: config.forcePathStyle ?? config.s3Endpoint !== undefined,
    maxAttempts: config.maxAttempts,
    retryMode: 'adaptive',
    // A composite (multipart) checksum cannot be checked while streaming, and a range has none.
    responseChecksumValidation: 'WHEN_REQUIRED',
    requestChecksumCalculation: 'WHEN_REQUIRED',
    requestHandler: requestHandlerOptions(config),
  });
}

/** A client of the role's own region: never of the global endpoint. */
export function makeStsClient(config: AwsConfig, region: string): STSClient {
  return new STSClient({
    region,
    ...(config.stsEndpoint === undefined ? {} : { endpoint: config.stsEndpoint }),
    ...ownIdentity(config),
    maxAttempts: config.maxAttempts,
    retryMode: 'adaptive',
    requestHandler: requestHandlerOptions(config),
  });
}

/** By the service's own identity, which is found wherever it runs. @param endpoint only of a KMS that is not AWS's */
export function makeKmsClient(config: AwsConfig, region: string, endpoint: string | undefined): KMSClient {
  return new KMSClient({
    region,
    ...(endpoint === undefined ? {} : { endpoint }),
    ...ownIdentity(config),
    maxAttempts: config.maxAttempts,
    retryMode: 'adaptive',
    // An answer is 2 kB: there is nothing to be slow at in reading it.
    requestHandler: { ...requestHandlerOptions(config), socketTimeout: config.bodyStallMs },
  });
}

/** Said to be expiring, so that the SDK asks every time and never keeps a session that we have dropped. */
async function freshSession(credentials: RefreshingCredentials) {
  return { ...(await credentials.get()), expiration: new Date(0) };
}

/** Without base credentials the SDK looks for an instance, container or web identity role. */
function ownIdentity({ baseCredentials }: AwsConfig) {
  return baseCredentials === undefined ? {} : { credentials: { ...baseCredentials } };
}

function requestHandlerOptions(config: AwsConfig) {
  const agent = { keepAlive: true, maxSockets: config.maxSocketsPerClient };
  return {
    connectionTimeout: config.connectTimeoutMs,
    requestTimeout: config.requestTimeoutMs,
    throwOnRequestTimeout: true,
    // An idle socket may mean that we are slow to consume; object-body.ts times only the waits that are the server's.
    socketTimeout: 0,
    httpAgent: agent,
    httpsAgent: agent,
  };
}
