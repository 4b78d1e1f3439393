import { createHash } from 'node:crypto';
import { AwsError } from '../aws-error.ts';
import { ByteReader, incomplete } from './byte-reader.ts';
import { sha256Hex } from './canonical-request.ts';
import { hmac } from './signing-key.ts';
import { equalText } from './verify-signature.ts';

/** What is needed to check the chain of chunk signatures; it starts with the request's own signature. */
export interface ChunkSigner {
  readonly key: Buffer;
  readonly timestamp: string;
  readonly scope: string;
  readonly seedSignature: string;
}

export interface AwsChunkedOptions {
  readonly source: AsyncIterable<Buffer>;
  /** undefined for STREAMING-UNSIGNED-PAYLOAD-TRAILER */
  readonly signer: ChunkSigner | undefined;
  /** Names from `x-amz-trailer`; each must arrive after the last chunk. */
  readonly trailerNames: readonly string[];
  /** Filled when the last chunk has been read. */
  readonly trailers: Map<string, string>;
}

const hashOfNothing = sha256Hex('');

/**
 * Takes the aws-chunked framing off a body and checks every chunk's signature while it passes.
 * Source: "Signature calculations: transferring payload in multiple chunks", S3 API reference.
 * @throws AwsError SignatureDoesNotMatch, IncompleteBody, MalformedTrailerError
 */
export async function* decodeAwsChunked(options: AwsChunkedOptions): AsyncGenerator<Buffer, void, undefined> {
  const reader = new ByteReader(options.source);
  let previous = options.signer?.seedSignature ?? '';
  for (;;) {
    const header = parseChunkHeader(await reader.line());
    const hash = options.signer === undefined ? undefined : createHash('sha256');
    for (let left = header.sizeBytes; left > 0; ) {
      const piece = await reader.take(left);
      left -= piece.length;
      hash?.update(piece);
      yield piece;
    }
    if (options.signer !== undefined && hash !== undefined) {
      const expected = chunkSignature(options.signer, previous, hash.digest('hex'));
      if (!equalText(expected, header.signature ?? '')) throw badChunk();
      previous = expected;
    }
    if (header.sizeBytes === 0) break;
    if ((await reader.line()) !== '') throw incomplete('a chunk is longer than its header says');
  }
  await readTrailers(reader, options, previous);
}

async function readTrailers(reader: ByteReader, options: AwsChunkedOptions, previous: string): Promise<void> {
  let signature: string | undefined;
  let signed = '';
  while (!(await reader.atEnd())) {
    const line = await reader.line();
    if (line === '') continue;
    const colon = line.indexOf(':');
    const name = line.slice(0, colon).trim().toLowerCase();
    const value = line.slice(colon + 1).trim();
    if (name === 'x-amz-trailer-signature') {
      signature = value;
      continue;
    }
    if (!options.trailerNames.includes(name)) throw malformedTrailer();
    options.trailers.set(name, value);
    signed += `${name}:${value}\n`;
  }
  if (options.trailerNames.some((name) => !options.trailers.has(name))) throw malformedTrailer();
  if (options.signer !== undefined && options.trailerNames.length > 0) {
    const expected = trailerSignature(options.signer, previous, sha256Hex(signed));
    if (!equalText(expected, signature ?? '')) throw badChunk();
  }
}

function parseChunkHeader(line: string): { readonly sizeBytes: number; readonly signature: string | undefined } {
  const match = /^([0-9a-fA-F]{1,12})(?:;chunk-signature=([0-9a-f]{64}))?$/.exec(line);
  if (match === null) throw incomplete('a chunk header is not one');
  return { sizeBytes: Number.parseInt(match[1] ?? '', 16), signature: match[2] };
}

function chunkSignature(signer: ChunkSigner, previous: string, chunkHash: string): string {
  const parts = ['AWS4-HMAC-SHA256-PAYLOAD', signer.timestamp, signer.scope, previous, hashOfNothing, chunkHash];
  return hmac(signer.key, parts.join('\n')).toString('hex');
}

function trailerSignature(signer: ChunkSigner, previous: string, trailerHash: string): string {
  const parts = ['AWS4-HMAC-SHA256-TRAILER', signer.timestamp, signer.scope, previous, trailerHash];
  return hmac(signer.key, parts.join('\n')).toString('hex');
}

function badChunk(): AwsError {
  return new AwsError('SignatureDoesNotMatch', 'a chunk is not signed right');
}

function malformedTrailer(): AwsError {
  return new AwsError('MalformedTrailerError', 'the trailer cannot be read');
}
