import { parentPort } from 'node:worker_threads';

/** A thread for a pool that does as it is told, good or bad. */
export type Script =
  | { readonly kind: 'say'; readonly text: string }
  /** What it will say that it holds. */
  | { readonly kind: 'hold'; readonly bytes: number }
  /** What it does when its file ends. */
  | { readonly kind: 'at-end'; readonly manner: 'answer' | 'answer-and-go-on' | 'say-nothing' | 'fail' }
  | { readonly kind: 'exit' };

export interface Said {
  readonly kind: 'said';
  readonly text: string;
}

const port = parentPort;
let heldBytes = 0;
let manner: (Script & { kind: 'at-end' })['manner'] = 'answer';

port?.on('message', (message: Script | { readonly kind: 'end' }) => {
  switch (message.kind) {
    case 'say':
      port.postMessage({ kind: 'said', text: message.text } satisfies Said);
      return;
    case 'hold':
      heldBytes = message.bytes;
      return;
    case 'at-end':
      manner = message.manner;
      return;
    case 'exit':
      process.exit(3);
      return;
    case 'end':
      if (manner === 'fail') throw new Error('something was left');
      if (manner === 'say-nothing') return;
      port.postMessage({ kind: 'ended', heldBytes });
      if (manner === 'answer-and-go-on') port.postMessage({ kind: 'said', text: 'of the file before' } satisfies Said);
      return;
  }
});
