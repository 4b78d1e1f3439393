import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { join } from 'node:path';
import { AppError } from '../../errors.ts';
import type { ByteSource } from '../../parquet/byte-source.ts';
import { checkCancelled } from './check-cancelled.ts';

/** Large enough that system calls do not count. */
const blockBytes = 1024 * 1024;

/**
 * A file of the folder, opened once: what is hashed and what is decoded are the same bytes, whatever its name comes to
 * mean meanwhile.
 */
export class LocalFile implements ByteSource, AsyncDisposable {
  readonly #handle: FileHandle;
  readonly sizeBytes: number;

  private constructor(handle: FileHandle, sizeBytes: number) {
    this.#handle = handle;
    this.sizeBytes = sizeBytes;
  }

  /** @throws AppError PROOF_FAILED when it cannot be opened, or is no regular file any more */
  static async open(folder: string, path: string): Promise<LocalFile> {
    const handle = await openRegular(join(folder, ...path.split('/')));
    const { size } = await handle.stat();
    return new LocalFile(handle, size);
  }

  async read(start: number, end: number): Promise<Uint8Array> {
    if (start < 0 || end > this.sizeBytes || start > end) {
      throw new AppError('PARQUET_INVALID', `it refers to bytes ${start} to ${end} of ${this.sizeBytes}`);
    }
    const bytes = new Uint8Array(end - start);
    await this.#fill(bytes, start);
    return bytes;
  }

  /** SHA-256 of the whole file, in lower-case hex. */
  async sha256(signal?: AbortSignal): Promise<string> {
    const hash = createHash('sha256');
    const block = new Uint8Array(blockBytes);
    for (let start = 0; start < this.sizeBytes; start += blockBytes) {
      checkCancelled(signal);
      const piece = block.subarray(0, Math.min(blockBytes, this.sizeBytes - start));
      await this.#fill(piece, start);
      hash.update(piece);
    }
    return hash.digest('hex');
  }

  async #fill(bytes: Uint8Array, start: number): Promise<void> {
    for (let filled = 0; filled < bytes.length; ) {
      const { bytesRead } = await this.#read(bytes.subarray(filled), start + filled);
      if (bytesRead === 0) throw new AppError('PROOF_FAILED', 'it became shorter while it was read');
      filled += bytesRead;
    }
  }

  async #read(bytes: Uint8Array, position: number): Promise<{ readonly bytesRead: number }> {
    try {
      return await this.#handle.read(bytes, 0, bytes.length, position);
    } catch (cause) {
      throw new AppError('PROOF_FAILED', `it cannot be read: ${messageOf(cause)}`, { cause });
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#handle.close();
  }
}

async function openRegular(path: string): Promise<FileHandle> {
  let handle: FileHandle | undefined;
  try {
    // Neither a link nor a pipe that never answers, should one have taken the file's place.
    handle = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    if ((await handle.stat()).isFile()) return handle;
    throw new Error('it is no regular file');
  } catch (cause) {
    await handle?.close();
    throw new AppError('PROOF_FAILED', `it cannot be opened: ${messageOf(cause)}`, { cause });
  }
}

function messageOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}
