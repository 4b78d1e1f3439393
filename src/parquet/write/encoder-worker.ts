import { parentPort, workerData } from 'node:worker_threads';
import { toAppError } from '../../errors.ts';
import { freeBytes } from '../free-bytes.ts';
import { PartEncoder, type PartOptions } from './part-encoder.ts';
import type { FromEncoder, ToEncoder } from './protocol.ts';

/** The encoder's thread: one part, from its first line to its last byte. Buffers move between the threads, both ways. */
if (parentPort === null) throw new Error('the parquet encoder runs in a worker thread');
const port = parentPort;
const encoder = new PartEncoder(workerData as PartOptions);

port.on('message', (message: ToEncoder) => {
  try {
    receive(message);
  } catch (error) {
    const { code, message } = toAppError(error);
    send({ kind: 'failed', code, message });
    port.close();
  }
});

function receive(message: ToEncoder): void {
  switch (message.kind) {
    case 'lines':
      receiveLines(message.bytes);
      return;
    case 'finish': {
      const part = encoder.finish(message.metadata);
      const buffers = new Set(part.chunks.map(({ buffer }) => buffer as ArrayBuffer));
      port.postMessage({ kind: 'written', part } satisfies FromEncoder, [...buffers]);
      port.close();
      return;
    }
  }
}

function receiveLines(bytes: Uint8Array): void {
  const { length } = bytes;
  encoder.add(bytes);
  freeBytes(bytes);
  send({ kind: 'taken', bytes: length });
}

function send(message: FromEncoder): void {
  port.postMessage(message);
}
