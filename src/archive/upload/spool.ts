import { createHash, randomUUID } from 'node:crypto';
import { mkdir, open, readdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { PutRequest } from '../../aws/archive-store.ts';
import { AppError, toAppError } from '../../errors.ts';
import { formatSpooledPut, parseSpooledPut, type SpooledPut } from './spooled-put.ts';

/**
 * Puts that wait on the local disk until the bucket can be reached again. Each is two files: `<sha256>.part` with the bytes
 * and `<sha256>.json` with the rest of the request; the second is written last and removed first, so that after a crash at
 * any moment a put is there with its bytes, or is not there. One process at a time may have a folder.
 */
export interface Spool {
  /** @throws AppError CONFLICT for the same bytes under another key */
  add(request: PutRequest): Promise<SpoolOutcome>;
  /** What waits, in the order of its keys. @throws AppError PROOF_FAILED for a file that others changed */
  list(): Promise<readonly SpooledPut[]>;
  /** The whole request again. @throws AppError PROOF_FAILED if the bytes are not those that were added */
  read(put: SpooledPut): Promise<PutRequest>;
  remove(put: SpooledPut): Promise<void>;
}

/** `refused`: there is no room for it, or the disk does not take it; nothing of it is there. */
export type SpoolOutcome = { readonly kind: 'spooled' } | { readonly kind: 'refused'; readonly why: string };

export interface SpoolOptions {
  readonly folder: string;
  /** Of all bytes that wait. */
  readonly maxBytes: number;
}

/** Bytes read at once: a chunk of the request that is sent. */
const chunkBytes = 8 * 1_024 * 1_024;
/** Rows of clients' tables: for nobody else on this machine. */
const folderMode = 0o700;
const fileMode = 0o600;

/**
 * Makes the folder where it is missing, and clears it of what a crash left behind half written.
 * @throws AppError BAD_CONFIG where that cannot be done
 */
export async function openSpool(options: SpoolOptions): Promise<Spool> {
  try {
    await mkdir(options.folder, { recursive: true, mode: folderMode });
    await clearOrphans(options.folder);
  } catch (cause) {
    const text = `archive.spoolFolder ${options.folder} cannot be used: ${toAppError(cause).message}`;
    throw new AppError('BAD_CONFIG', text, { cause });
  }
  return new FolderSpool(options);
}

async function clearOrphans(folder: string): Promise<void> {
  const names = new Set(await readdir(folder));
  for (const name of names) {
    const isOrphan = name.endsWith('.part') && !names.has(name.replace(/part$/, 'json'));
    if (isOrphan || name.endsWith('.temporary')) await rm(join(folder, name), { force: true });
  }
}

class FolderSpool implements Spool {
  readonly #folder: string;
  readonly #maxBytes: number;
  /** Additions come one after the other, so that together they stay within the limit. */
  #last: Promise<unknown> = Promise.resolve();

  constructor({ folder, maxBytes }: SpoolOptions) {
    this.#folder = folder;
    this.#maxBytes = maxBytes;
  }

  add(request: PutRequest): Promise<SpoolOutcome> {
    const added = this.#last.then(() => this.#add(request));
    this.#last = added.catch(() => undefined);
    return added;
  }

  async list(): Promise<readonly SpooledPut[]> {
    const names = (await readdir(this.#folder)).filter((name) => name.endsWith('.json'));
    const puts: SpooledPut[] = [];
    for (const name of names) {
      const path = join(this.#folder, name);
      const put = parseSpooledPut(await readFile(path, 'utf8'), path);
      if (name !== `${put.sha256}.json`) throw new AppError('PROOF_FAILED', `${path} speaks of ${put.sha256}`);
      puts.push(put);
    }
    return puts.sort((a, b) => (a.key < b.key ? -1 : 1));
  }

  async read(put: SpooledPut): Promise<PutRequest> {
    const path = this.#path(put, 'part');
    const chunks: Uint8Array[] = [];
    const hash = createHash('sha256');
    const file = await open(path, 'r');
    try {
      const { size } = await file.stat();
      if (size !== put.sizeBytes) throw changed(path, `has ${size} bytes and not ${put.sizeBytes}`);
      for await (const chunk of file.createReadStream({ highWaterMark: chunkBytes, autoClose: false })) {
        hash.update(chunk);
        chunks.push(chunk);
      }
    } finally {
      await file.close();
    }
    const sha256 = hash.digest('hex');
    if (sha256 !== put.sha256) throw changed(path, `has SHA-256 ${sha256}`);
    return { ...put, chunks };
  }

  async remove(put: SpooledPut): Promise<void> {
    await rm(this.#path(put, 'json'), { force: true });
    await syncFolder(this.#folder);
    await rm(this.#path(put, 'part'), { force: true });
  }

  async #add(request: PutRequest): Promise<SpoolOutcome> {
    const waiting = await this.list();
    const same = waiting.find(({ sha256 }) => sha256 === request.sha256);
    if (same?.key === request.key) return { kind: 'spooled' };
    if (same !== undefined) {
      throw new AppError(
        'CONFLICT',
        `the spool holds the same bytes for ${same.key} already; ${request.key} must wait`,
      );
    }
    const bytes = waiting.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
    if (bytes + request.sizeBytes > this.#maxBytes) {
      const why = `${this.#folder} may hold ${this.#maxBytes} bytes (archive.spoolMaxBytes), of which ${bytes} wait`;
      return { kind: 'refused', why };
    }
    try {
      await this.#write(this.#path(request, 'part'), request.chunks);
      await this.#write(this.#path(request, 'json'), [Buffer.from(formatSpooledPut(request))]);
      return { kind: 'spooled' };
    } catch (error) {
      // Bytes that nobody asks for would only take the room of those that come when there is some again.
      for (const kind of ['json', 'part'] as const) await rm(this.#path(request, kind), { force: true });
      return { kind: 'refused', why: `${this.#folder}: ${diskText(error)}` };
    }
  }

  /** Whole and on the disk under its name, or not there at all. */
  async #write(path: string, chunks: readonly Uint8Array[]): Promise<void> {
    const temporary = `${path}.${randomUUID()}.temporary`;
    try {
      const file = await open(temporary, 'wx', fileMode);
      try {
        for (const chunk of chunks) await file.writeFile(chunk);
        await file.sync();
      } finally {
        await file.close();
      }
      await rename(temporary, path);
      await syncFolder(this.#folder);
    } catch (error) {
      await rm(temporary, { force: true });
      throw error;
    }
  }

  #path({ sha256 }: Pick<SpooledPut, 'sha256'>, kind: 'part' | 'json'): string {
    return join(this.#folder, `${sha256}.${kind}`);
  }
}

/** @throws the error itself where it is not the disk's */
function diskText(error: unknown): string {
  if (!(error instanceof Error && 'syscall' in error && 'code' in error)) throw error;
  const isFull = error.code === 'ENOSPC' || error.code === 'EDQUOT';
  return isFull ? `the disk is full (${error.message}): make room there` : error.message;
}

/** A rename is on the disk once its folder is. */
async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

function changed(path: string, how: string): AppError {
  return new AppError('PROOF_FAILED', `${path} ${how}: it is not what was put there`);
}
