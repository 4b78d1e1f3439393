import { constants, gzipSync, zstdCompressSync } from 'node:zlib';
import type { CompressionCodec } from 'hyparquet';
import { snappyCompress } from 'hyparquet-writer/src/snappy.js';

/** zstd's levels are 1 to 22, gzip's 1 to 9. */
export type Compression =
  | { readonly codec: 'zstd'; readonly level: number }
  | { readonly codec: 'gzip'; readonly level: number }
  | { readonly codec: 'snappy' }
  | { readonly codec: 'none' };

/** The same bytes for the same page, as long as the compressing library is the same. */
export function compress(page: Uint8Array, compression: Compression): Uint8Array {
  switch (compression.codec) {
    case 'zstd':
      return zstdCompressSync(page, {
        params: { [constants.ZSTD_c_compressionLevel]: compression.level },
        // readers find the size in the frame and the answer comes in one piece
        pledgedSrcSize: page.length,
        chunkSize: outputBytes(page),
      });
    case 'gzip':
      return gzipSync(page, { level: compression.level, chunkSize: outputBytes(page) });
    case 'snappy':
      return snappyCompress(page);
    case 'none':
      return page;
  }
}

/** Enough for a page that cannot be compressed. */
function outputBytes(page: Uint8Array): number {
  return page.length + (page.length >> 7) + 1024;
}

/** Whether compressing twice, to see which encoding is the smaller, costs little. */
export function isCheap(compression: Compression): boolean {
  return compression.codec === 'none' || (compression.codec === 'zstd' && compression.level <= 4);
}

export function parquetCodec({ codec }: Compression): CompressionCodec {
  const names = { zstd: 'ZSTD', gzip: 'GZIP', snappy: 'SNAPPY', none: 'UNCOMPRESSED' } as const;
  return names[codec];
}
