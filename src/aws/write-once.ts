import { AppError, isAppError } from '../errors.ts';
import type { PutOutcome, PutRequest } from './archive-store.ts';
import { type Backoff, backOff } from './backoff.ts';
import { VendorError } from './vendor-error.ts';

export interface WriteOnceParts {
  /** One attempt; the version that it made, as far as the server names it. */
  readonly write: () => Promise<string | undefined>;
  /** The current version of the key; undefined: there is none. */
  readonly findCurrent: () => Promise<string | undefined>;
}

/** Beyond the SDK's own for each request: for a race with another write, and for bytes that were changed on the way. */
const maxAttempts = 4;
const backoff: Backoff = { baseMs: 100, maxMs: 2_000 };

/**
 * Writes until it is decided whether the key is ours or was there before. A refusal for what is there (412), a race (409)
 * and an upload that somebody ended are all answered by looking; only where nothing is, it is written again.
 * @throws AppError as the write; FILE_CHANGED when others came between every time, NETWORK when the bytes never arrived right
 */
export async function writeOnce(parts: WriteOnceParts, { key, signal }: PutRequest): Promise<PutOutcome> {
  for (let attempt = 1; ; attempt++) {
    try {
      const versionId = await parts.write();
      if (versionId !== undefined) return { outcome: 'stored', versionId };
      // A server that does not name what it made: whatever is current now is for the caller to compare.
      const current = await parts.findCurrent();
      if (current !== undefined) return { outcome: 'exists', versionId: current };
      throw new AppError('FILE_CHANGED', `write ${key}: it was stored, and is gone already`);
    } catch (error) {
      if (!isAppError(error, 'FILE_CHANGED') && !isGarbled(error)) throw error;
      const current = isAppError(error, 'FILE_CHANGED') ? await parts.findCurrent() : undefined;
      if (current !== undefined) return { outcome: 'exists', versionId: current };
      if (attempt === maxAttempts) throw error;
    }
    await backOff(backoff, attempt, signal);
  }
}

/** S3 refused the body because it does not have the checksum that came with it. The SDK does not repeat such a request. */
function isGarbled(error: unknown): boolean {
  if (!isAppError(error, 'NETWORK') || !(error.cause instanceof VendorError)) return false;
  return ['BadDigest', 'XAmzContentSHA256Mismatch', 'IncompleteBody'].includes(error.cause.vendorCode);
}
