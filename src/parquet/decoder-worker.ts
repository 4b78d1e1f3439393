import { parentPort } from 'node:worker_threads';
import { DecoderFile } from './decoder-file.ts';
import { heldBytes } from './held-bytes.ts';
import type { EndFile, FileEnded } from './pooled-thread.ts';
import type { FromDecoder, ToDecoder } from './protocol.ts';

/** The decoder's thread: one file at a time, and between two of them none. What is out of order ends it. */
if (parentPort === null) throw new Error('the parquet decoder runs in a worker thread');
const port = parentPort;
let file: DecoderFile | undefined;

port.on('message', (message: ToDecoder | EndFile) => {
  switch (message.kind) {
    case 'open':
      if (file !== undefined) throw new Error('a file was opened before the one before it had ended');
      file = new DecoderFile({ ...message, send });
      void file.open();
      return;
    case 'end':
      if (file?.isAtRest !== true) throw new Error('a file was ended while something of it was under way');
      file = undefined;
      port.postMessage({ kind: 'ended', heldBytes: heldBytes() } satisfies FileEnded);
      return;
    default:
      if (file === undefined) throw new Error(`${message.kind} came without a file`);
      file.receive(message);
      return;
  }
});

function send(message: FromDecoder, transfer: readonly ArrayBuffer[] = []): void {
  port.postMessage(message, transfer);
}
