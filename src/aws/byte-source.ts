import { AppError } from '../errors.ts';
import { type ObjectDigest, ObjectHasher } from './object-digest.ts';
import type { ObjectReader } from './object-store.ts';
import { type ObjectToRead, readObject } from './resumable-read.ts';

/**
 * One object read by ranges and hashed on the way, with (nearly) one GET. Calls may overlap; they are answered one after
 * the other, in the order in which they were made. Memory: the range asked for and one chunk; of a small object, all.
 */
export interface ByteSource {
  readonly sizeBytes: number;

  /**
   * Bytes from `start` up to, not including, `end`, in an ArrayBuffer of their own (offset 0), which the caller may
   * transfer. Ascending ranges come out of one stream from byte 0; any other costs a GET.
   * @throws AppError as readObject; BAD_INPUT for a range that is not in the object, or too large to hold
   */
  read(start: number, end: number): Promise<Uint8Array<ArrayBuffer>>;

  /** Reads what is left, so that every byte has been hashed once, in order. */
  finish(): Promise<ObjectDigest>;

  /** Ends the stream; needed where `finish` was not called or failed, harmless otherwise. */
  close(): Promise<void>;
}

/** An object up to this size is read whole at the first call: one GET for footer and all. */
const SMALL_OBJECT_BYTES = 4 * 1_024 * 1_024;
/**
 * A range that starts further ahead of the stream than this is not waited for but fetched by itself: a footer, most
 * likely. Nearer ones are gaps, such as padding or an index between row groups.
 */
const MAX_SKIP_BYTES = 8 * 1_024 * 1_024;
/** The largest range held in memory: eight times the row groups that AWS writes. */
const MAX_RANGE_BYTES = 1_024 * 1_024 * 1_024;

export function byteSource(reader: ObjectReader, object: Omit<ObjectToRead, 'range'>): ByteSource {
  return new SequentialByteSource(reader, object);
}

class SequentialByteSource implements ByteSource {
  readonly sizeBytes: number;
  readonly #reader: ObjectReader;
  readonly #object: ObjectToRead;
  readonly #hasher = new ObjectHasher();
  #stream: AsyncGenerator<Uint8Array, void, void> | undefined;
  /** What of the stream's last chunk has not been asked for yet; already hashed. */
  #rest: Uint8Array = new Uint8Array(0);
  /** Of the first byte of `#rest`. */
  #position = 0;
  #small: Uint8Array<ArrayBuffer> | undefined;
  #last: Promise<unknown> = Promise.resolve();

  constructor(reader: ObjectReader, object: ObjectToRead) {
    this.sizeBytes = object.sizeBytes;
    this.#reader = reader;
    this.#object = object;
  }

  read(start: number, end: number): Promise<Uint8Array<ArrayBuffer>> {
    return this.#inTurn(() => {
      this.#requireRange(start, end);
      if (this.sizeBytes <= SMALL_OBJECT_BYTES) return this.#readSmall(start, end);
      const aheadBytes = start - this.#position;
      return aheadBytes >= 0 && aheadBytes <= MAX_SKIP_BYTES
        ? this.#readAhead(start, end)
        : this.#readApart(start, end);
    });
  }

  finish(): Promise<ObjectDigest> {
    return this.#inTurn(async () => {
      // To the end of the stream, not of the object: the stream is what checks that no byte is missing or left over.
      while (await this.#nextChunk()) this.#skip(this.#rest.length);
      return this.#hasher.digest();
    });
  }

  close(): Promise<void> {
    return this.#inTurn(async () => void (await this.#stream?.return()));
  }

  /** One call at a time; a failed one does not fail the next. */
  #inTurn<Result>(action: () => Promise<Result>): Promise<Result> {
    const result = this.#last.then(action);
    this.#last = result.catch(() => {});
    return result;
  }

  async #readSmall(start: number, end: number): Promise<Uint8Array<ArrayBuffer>> {
    this.#small ??= await this.#readAhead(0, this.sizeBytes);
    return this.#small.slice(start, end);
  }

  /** Out of the stream, after hashing past whatever lies before `start`. */
  async #readAhead(start: number, end: number): Promise<Uint8Array<ArrayBuffer>> {
    while (this.#position < start) {
      await this.#requireRest();
      this.#skip(Math.min(this.#rest.length, start - this.#position));
    }
    const bytes = new Uint8Array(end - start);
    while (this.#position < end) {
      await this.#requireRest();
      const length = Math.min(this.#rest.length, end - this.#position);
      bytes.set(this.#rest.subarray(0, length), this.#position - start);
      this.#skip(length);
    }
    return bytes;
  }

  /** By a GET of its own. Not hashed: the stream will come by these bytes, or has. */
  async #readApart(start: number, end: number): Promise<Uint8Array<ArrayBuffer>> {
    const bytes = new Uint8Array(end - start);
    let length = 0;
    for await (const chunk of readObject(this.#reader, { ...this.#object, range: { start, end } })) {
      bytes.set(chunk, length);
      length += chunk.length;
    }
    return bytes;
  }

  async #requireRest(): Promise<void> {
    if (this.#rest.length > 0 || (await this.#nextChunk())) return;
    throw new AppError('INTERNAL', `the stream of ${this.#object.key} was closed at byte ${this.#position}`);
  }

  /** @returns false at the end of the stream */
  async #nextChunk(): Promise<boolean> {
    this.#stream ??= readObject(this.#reader, this.#object);
    const next = await this.#stream.next();
    if (next.done) return false;
    this.#hasher.update(next.value);
    // Only finish() discards a rest, and it counts what it discards.
    this.#position += this.#rest.length;
    this.#rest = next.value;
    return true;
  }

  #skip(length: number): void {
    this.#rest = this.#rest.subarray(length);
    this.#position += length;
  }

  #requireRange(start: number, end: number): void {
    const isRange = Number.isSafeInteger(start) && Number.isSafeInteger(end) && start >= 0 && start < end;
    if (isRange && end <= this.sizeBytes && end - start <= MAX_RANGE_BYTES) return;
    const { key, sizeBytes } = this.#object;
    throw new AppError('BAD_INPUT', `bytes ${start} to ${end} of ${key} (${sizeBytes} bytes) cannot be read at once`);
  }
}
