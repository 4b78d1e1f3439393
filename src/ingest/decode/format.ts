import { AppError } from '../../errors.ts';

export type Container = 'gzip' | 'zip' | 'plain';
export type Content = 'csv' | 'parquet';

/** How an object is packed, and what is in it; `empty` is an object of no bytes, which holds no rows. */
export type FileFormat = { readonly container: Container; readonly content: Content } | 'empty';

/** Bytes from the start of an object that `detectFormat` wants to see. */
export const magicBytes = 4;

/** What the first bytes prove; text has no magic, so undefined means "whatever the name says". */
export type Magic = 'gzip' | 'zip' | 'parquet';

export function detectMagic(head: Uint8Array): Magic | undefined {
  if (head[0] === 0x1f && head[1] === 0x8b) return 'gzip';
  const word = Buffer.from(head.subarray(0, 4)).toString('latin1');
  if (word === 'PAR1') return 'parquet';
  // a local file header, or the end record of an archive without entries
  if (word === 'PK\x03\x04' || word === 'PK\x05\x06') return 'zip';
  return undefined;
}

/**
 * The format of an object, from its first bytes (at least `magicBytes` of them, or all) and its key. The bytes win over
 * the name: customers rename, and HTTP layers unpack. Text is CSV whatever it is called, but for a parquet.
 * @throws AppError FORMAT_UNKNOWN, naming the key
 */
export function detectFormat(key: string, head: Uint8Array): FileFormat {
  if (head.length === 0) return 'empty';
  const magic = detectMagic(head);
  if (magic === 'parquet') return { container: 'plain', content: 'parquet' };
  if (magic !== undefined) return { container: magic, content: 'csv' };
  if (compressedName.test(key) || !looksLikeText(head)) throw unknown(key, head);
  return { container: 'plain', content: 'csv' };
}

/** A name that promises bytes with magic: an error page saved as `.csv.gz` is no bill. */
const compressedName = /\.(parquet|gz|gzip|zip)$/i;

/** No control bytes but tab and line ends. A UTF-16 file passes here by its mark and is refused by name later. */
function looksLikeText(head: Uint8Array): boolean {
  const utf16 = (head[0] === 0xff && head[1] === 0xfe) || (head[0] === 0xfe && head[1] === 0xff);
  return utf16 || head.every((byte) => byte >= 0x20 || byte === 0x09 || byte === 0x0a || byte === 0x0d);
}

function unknown(key: string, head: Uint8Array): AppError {
  const bytes = Buffer.from(head.subarray(0, magicBytes)).toString('hex');
  const text = `begins with the bytes ${bytes}: neither gzip, zip nor parquet, nor CSV by its name and content`;
  return new AppError('FORMAT_UNKNOWN', `${key}: ${text}`);
}
