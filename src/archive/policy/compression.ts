import { z } from 'zod';
import type { Compression } from '../../parquet/write/compress.ts';

const defaultLevels = { zstd: 3, gzip: 6 } as const;

const parsed = z.discriminatedUnion('codec', [
  z.strictObject({ codec: z.literal('zstd'), level: z.int().min(1).max(22).default(defaultLevels.zstd) }),
  z.strictObject({ codec: z.literal('gzip'), level: z.int().min(1).max(9).default(defaultLevels.gzip) }),
  z.strictObject({ codec: z.literal('snappy') }),
  z.strictObject({ codec: z.literal('none') }),
]);

/** `zstd`, `zstd:9`, or `{codec: zstd, level: 9}`. */
export const compressionShape = z.preprocess(fromText, parsed);

export function compressionText(compression: Compression): string {
  return 'level' in compression ? `${compression.codec}:${compression.level}` : compression.codec;
}

function fromText(value: unknown): unknown {
  if (typeof value !== 'string') return value;
  const [codec, level, ...rest] = value.split(':');
  if (level === undefined) return { codec };
  return { codec, level: /^\d{1,2}$/.test(level) && rest.length === 0 ? Number(level) : level };
}
