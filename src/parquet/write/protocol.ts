import type { ErrorCode } from '../../errors.ts';
import type { WrittenPart } from './part-encoder.ts';

/** From the main thread. */
export type ToEncoder =
  | { readonly kind: 'lines'; readonly bytes: Uint8Array }
  | { readonly kind: 'finish'; readonly metadata: ReadonlyMap<string, string> };

/** From the encoder's thread. After `written` or `failed` nothing comes any more. */
export type FromEncoder =
  /** So many bytes of lines were taken in. */
  | { readonly kind: 'taken'; readonly bytes: number }
  | { readonly kind: 'written'; readonly part: WrittenPart }
  | { readonly kind: 'failed'; readonly code: ErrorCode; readonly message: string };
