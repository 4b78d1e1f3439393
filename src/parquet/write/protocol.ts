import type { ErrorCode } from '../../errors.ts';
import type { PartOptions, WrittenPart } from './part-encoder.ts';

/** From the main thread; a part begins with `begin`. */
export type ToEncoder =
  | { readonly kind: 'begin'; readonly options: PartOptions }
  | { readonly kind: 'lines'; readonly bytes: Uint8Array }
  | { readonly kind: 'finish'; readonly metadata: ReadonlyMap<string, string> };

/** From the encoder's thread. After `written` nothing of the part comes any more, after `failed` nothing at all. */
export type FromEncoder =
  /** So many bytes of lines were taken in. */
  | { readonly kind: 'taken'; readonly bytes: number }
  | { readonly kind: 'written'; readonly part: WrittenPart }
  | { readonly kind: 'failed'; readonly code: ErrorCode; readonly message: string };
