/**
 * What we need of an object store to read a client's billing files. Every method throws AppError only; `isTransient` of
 * its code says whether another attempt may help. Every call ends within the store's configured timeouts.
 */
export interface ObjectReader {
  readonly bucket: string;

  /**
   * Every object whose key starts with `prefix`, in the order of UTF-8 bytes, page after page until the last.
   * @throws AppError LIST_DENIED (never an empty listing), BUCKET_NOT_FOUND, or a transient code
   */
  list(options: ListOptions): AsyncIterable<ListedObject>;

  /** @throws AppError FILE_MISSING, GET_DENIED, or a transient code */
  head(key: string, options?: CallOptions): Promise<ObjectHead>;

  /**
   * One GET. The body is yielded as it arrives and may break in the middle with a transient code; `readObject` in
   * resumable-read.ts is what goes on where it broke.
   * @throws AppError FILE_MISSING, GET_DENIED, KMS_DENIED, FILE_CHANGED (412), FILE_COLD (archived class), or transient
   */
  get(key: string, options?: GetOptions): Promise<ObjectBody>;
}

export interface CallOptions {
  readonly signal?: AbortSignal;
}

export interface ListOptions extends CallOptions {
  readonly prefix: string;
  /** Keys greater than this one only. */
  readonly startAfter?: string;
}

export interface GetOptions extends CallOptions {
  /** ETag that the object must still have. */
  readonly ifMatch?: string;
  /** Bytes from `start` up to, not including, `end`; without `end` to the last. */
  readonly range?: { readonly start: number; readonly end?: number };
}

/** One entry of a listing; `key` exactly as stored, `etag` with its quotes taken off. */
export interface ListedObject {
  readonly key: string;
  readonly etag: string;
  readonly sizeBytes: number;
  readonly lastModified: Date;
  readonly storageClass: string;
}

export interface ObjectHead {
  readonly etag: string;
  readonly sizeBytes: number;
  readonly lastModified: Date;
  readonly versionId: string | undefined;
}

export interface ObjectBody extends ObjectHead {
  /** Of the whole object is `sizeBytes`; the body holds the range that was asked for. */
  readonly body: AsyncIterable<Uint8Array>;
  /** Ends the response when the body is not wanted; a body that is iterated, even in part, needs none. */
  discard(): void;
}
