import { AppError, type ErrorCode, isAppError, toAppError } from '../errors.ts';
import { type Backoff, backOff } from './backoff.ts';
import type { ObjectBody, ObjectReader } from './object-store.ts';

/** One object as it was listed, or a range of it. */
export interface ObjectToRead {
  readonly key: string;
  readonly etag: string;
  /** Of the whole object, as listed. */
  readonly sizeBytes: number;
  /** Bytes from `start` up to, not including, `end`; without one, all. */
  readonly range?: { readonly start: number; readonly end?: number } | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly limits?: ReadLimits | undefined;
}

export interface ReadLimits {
  /** Failures in a row, without progress between them, before the read gives up. */
  readonly maxAttempts: number;
  /** This many bytes since the last failure are progress; fewer could be a server that trickles for ever. */
  readonly progressBytes: number;
  readonly backoff: Backoff;
}

export const defaultReadLimits: ReadLimits = {
  // On top of the SDK's own attempts for each request: about half a minute of an unreachable server in all.
  maxAttempts: 6,
  progressBytes: 64 * 1_024,
  backoff: { baseMs: 100, maxMs: 10_000 },
};

/** What going on from the byte reached may overcome. FILE_CHANGED is not: this ETag never comes back. */
const resumable: readonly ErrorCode[] = ['NETWORK', 'TIMEOUT', 'THROTTLED', 'SERVER_ERROR'];

/**
 * The bytes of one object at one ETag, each once and in order. A connection that breaks, stalls or ends early is taken
 * up where it stopped, with `Range` and `If-Match`; every request is signed with credentials that are valid then. It ends
 * only when exactly the promised bytes were yielded.
 * @throws AppError FILE_CHANGED if the object is no longer the one that was listed, else as ObjectReader.get
 */
export async function* readObject(reader: ObjectReader, object: ObjectToRead): AsyncGenerator<Uint8Array, void, void> {
  const limits = object.limits ?? defaultReadLimits;
  const start = object.range?.start ?? 0;
  const end = object.range?.end ?? object.sizeBytes;
  requireRange(object, start, end);
  let position = start;
  let failures = 0;
  let progressSince = start;
  for (;;) {
    try {
      const { body } = await openAt(reader, object, position, end);
      for await (const chunk of body) {
        if (position + chunk.length > end) throw unexpectedLength(reader, object, 'more', end - start);
        position += chunk.length;
        yield chunk;
      }
      if (position === end) return;
      throw unexpectedLength(reader, object, 'fewer', end - start);
    } catch (error) {
      if (!isAppError(error, ...resumable)) throw error;
      failures = position - progressSince >= limits.progressBytes ? 1 : failures + 1;
      progressSince = position;
      if (failures >= limits.maxAttempts) throw givenUp(error, failures, position);
      await backOff(limits.backoff, failures, object.signal);
    }
  }
}

/** The response that goes on at `position`; what it says of the object must be what was listed. */
async function openAt(reader: ObjectReader, object: ObjectToRead, position: number, end: number): Promise<ObjectBody> {
  const isWhole = position === 0 && end === object.sizeBytes;
  const response = await reader.get(object.key, {
    ifMatch: object.etag,
    ...(isWhole ? {} : { range: { start: position, end } }),
    ...(object.signal ? { signal: object.signal } : {}),
  });
  if (response.etag === object.etag && response.sizeBytes === object.sizeBytes) return response;
  response.discard();
  const name = `s3://${reader.bucket}/${object.key}`;
  if (response.etag !== object.etag) {
    throw new AppError(
      'FILE_CHANGED',
      `${name} changed while it was read: from ETag ${object.etag} to ${response.etag}`,
    );
  }
  // The same ETag is the same object, so somebody on the way miscounted.
  throw new AppError(
    'SERVER_ERROR',
    `${name} was listed with ${object.sizeBytes} bytes and answered with ${response.sizeBytes}`,
  );
}

function requireRange({ key, sizeBytes }: ObjectToRead, start: number, end: number): void {
  const isRange = Number.isSafeInteger(start) && Number.isSafeInteger(end) && start >= 0 && end <= sizeBytes;
  // HTTP cannot ask for no bytes, but an empty object is read as a whole.
  if (isRange && (start < end || sizeBytes === 0)) return;
  throw new AppError('BAD_INPUT', `bytes ${start} to ${end} are no range of ${key}, which has ${sizeBytes} bytes`);
}

function unexpectedLength(
  reader: ObjectReader,
  { key }: ObjectToRead,
  than: 'more' | 'fewer',
  promised: number,
): AppError {
  return new AppError(
    'SERVER_ERROR',
    `s3://${reader.bucket}/${key}: the body had ${than} bytes than the ${promised} promised`,
  );
}

function givenUp(error: AppError, failures: number, position: number): AppError {
  const { code, message } = toAppError(error);
  return new AppError(code, `${message}; gave up at byte ${position} after ${failures} attempts in a row`, {
    cause: error,
  });
}
