import { RestoreObjectCommand } from '@aws-sdk/client-s3';
import { isAppError } from '../errors.ts';
import type { RestoreOptions, StoredObject } from './archive-store.ts';
import type { S3Requests } from './s3-requests.ts';
import { VendorError } from './vendor-error.ts';
import { type AskedVersion, versionCall, versionInput } from './version-call.ts';

/** Of a version in a cold class, or with a restored copy: S3 refuses it for any other. */
export async function requestRestore(
  requests: S3Requests,
  version: AskedVersion,
  { storageClass, days, tier }: Pick<StoredObject, 'storageClass'> & RestoreOptions,
): Promise<'requested' | 'ongoing' | 'ready'> {
  // Out of Intelligent-Tiering's cold tiers an object comes back for good, and S3 refuses a number of days.
  const stays = storageClass === 'INTELLIGENT_TIERING' ? {} : { Days: days };
  const RestoreRequest = { ...stays, GlacierJobParameters: { Tier: tier } };
  const command = new RestoreObjectCommand({ ...versionInput(version), RestoreRequest });
  const call = versionCall(version, 's3:RestoreObject');
  try {
    const output = await requests.send((options) => requests.client.send(command, options), call, version);
    return output.$metadata.httpStatusCode === 200 ? 'ready' : 'requested';
  } catch (error) {
    if (isAlreadyInProgress(error)) return 'ongoing';
    throw error;
  }
}

function isAlreadyInProgress(error: unknown): boolean {
  const cause = isAppError(error) ? error.cause : undefined;
  return cause instanceof VendorError && cause.vendorCode === 'RestoreAlreadyInProgress';
}
