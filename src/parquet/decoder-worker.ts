import { parentPort, workerData } from 'node:worker_threads';
import type { ByteSource } from './byte-source.ts';
import { type FileLayout, readFooter } from './footer.ts';
import { type DecoderSetup, type FromDecoder, type ToDecoder, toFailure } from './protocol.ts';
import { type CopyRequest, decodeRows } from './row-decoder.ts';
import { sourceColumn } from './schema.ts';

/**
 * The decoder's thread. It opens one file, then copies its rows as often as asked, one copy at a time; all its bytes come
 * from the main thread, and chunks go there only as they are wanted.
 */
if (parentPort === null) throw new Error('the parquet decoder runs in a worker thread');
const port = parentPort;
const { sizeBytes, limits } = workerData as DecoderSetup;

interface Copy {
  readonly copyId: number;
  wantedChunks: number;
  isStopped: boolean;
  wake: () => void;
}

/** What ends a copy that the main thread no longer wants; nobody sees it. */
class Stopped extends Error {}

/** A read that fails ends the thread, so none is ever rejected. */
const reads = new Map<number, (bytes: Uint8Array) => void>();
let lastReadId = 0;
let layout: FileLayout | undefined;
let current: Copy | undefined;

const source: ByteSource = {
  sizeBytes,
  read: (start, end) => {
    const id = ++lastReadId;
    return new Promise((resolve) => {
      reads.set(id, resolve);
      send({ kind: 'read', id, start, end });
    });
  },
};

port.on('message', (message: ToDecoder) => {
  switch (message.kind) {
    case 'bytes':
      reads.get(message.id)?.(message.bytes);
      reads.delete(message.id);
      return;
    case 'copy':
      void copy(message.copyId, message.request);
      return;
    case 'want':
      if (current?.copyId !== message.copyId) return;
      current.wantedChunks += message.chunks;
      current.wake();
      return;
    case 'stop':
      if (current?.copyId !== message.copyId) return;
      current.isStopped = true;
      current.wake();
      return;
  }
});

void open();

async function open(): Promise<void> {
  try {
    layout = await readFooter(source, limits);
    const { schema, keyValues, rowCount } = layout;
    send({ kind: 'opened', columns: schema.columns.map(sourceColumn), schema, keyValues, rowCount });
  } catch (error) {
    send({ kind: 'failed', failure: toFailure(error) });
  }
}

async function copy(copyId: number, request: CopyRequest): Promise<void> {
  const copy: Copy = { copyId, wantedChunks: 0, isStopped: false, wake: () => undefined };
  current = copy;
  try {
    if (layout === undefined) throw new Error('rows were asked for before the file was open');
    await decodeRows({ source, layout, limits, request, output: outputOf(copy) });
    send({ kind: 'copied', copyId });
  } catch (error) {
    if (!(error instanceof Stopped)) send({ kind: 'copy-failed', copyId, failure: toFailure(error) });
  }
}

function outputOf(copy: Copy): Parameters<typeof decodeRows>[0]['output'] {
  const wait = async (): Promise<void> => {
    while (copy.wantedChunks <= 0 && !copy.isStopped) {
      const woken = Promise.withResolvers<void>();
      copy.wake = woken.resolve;
      await woken.promise;
    }
    if (copy.isStopped) throw new Stopped();
  };
  return {
    emit: (buffer, length) => {
      copy.wantedChunks--;
      port.postMessage({ kind: 'chunk', copyId: copy.copyId, buffer, length } satisfies FromDecoder, [buffer]);
    },
    wanted: () => (copy.wantedChunks > 0 && !copy.isStopped ? undefined : wait()),
  };
}

function send(message: FromDecoder): void {
  port.postMessage(message);
}
