import { parentPort } from 'node:worker_threads';
import { toAppError } from '../../errors.ts';
import { heldBytes } from '../held-bytes.ts';
import type { EndFile, FileEnded } from '../pooled-thread.ts';
import { PartEncoder } from './part-encoder.ts';
import type { FromEncoder, ToEncoder } from './protocol.ts';

/**
 * The encoder's thread: one part at a time, from its first line to its last byte, and between two of them none. Buffers move
 * between the threads, both ways. A failure ends the thread with the part.
 */
if (parentPort === null) throw new Error('the parquet encoder runs in a worker thread');
const port = parentPort;
let encoder: PartEncoder | undefined;

port.on('message', (message: ToEncoder | EndFile) => {
  try {
    receive(message);
  } catch (error) {
    const { code, message } = toAppError(error);
    send({ kind: 'failed', code, message });
    port.close();
  }
});

function receive(message: ToEncoder | EndFile): void {
  switch (message.kind) {
    case 'begin':
      if (encoder !== undefined) throw new Error('a part was begun before the one before it was written');
      encoder = new PartEncoder(message.options);
      return;
    case 'lines':
      receiveLines(message.bytes);
      return;
    case 'finish': {
      const part = atWork().finish(message.metadata);
      encoder = undefined;
      send({ kind: 'written', part }, [...new Set(part.chunks.map(({ buffer }) => buffer as ArrayBuffer))]);
      return;
    }
    case 'end':
      if (encoder !== undefined) throw new Error('a part was ended before it was written');
      port.postMessage({ kind: 'ended', heldBytes: heldBytes() } satisfies FileEnded);
      return;
  }
}

function receiveLines(bytes: Uint8Array): void {
  const { length } = bytes;
  atWork().add(bytes);
  // it came with the message and is nobody else's; at a collection's time a hundred of them would lie about
  (bytes.buffer as ArrayBuffer).transfer(0);
  send({ kind: 'taken', bytes: length });
}

function atWork(): PartEncoder {
  if (encoder === undefined) throw new Error('lines came without a part');
  return encoder;
}

function send(message: FromEncoder, transfer: readonly ArrayBuffer[] = []): void {
  port.postMessage(message, transfer);
}
