import { crc32, createDeflateRaw } from 'node:zlib';
import { AppError } from '../../errors.ts';
import { through } from './through.ts';

export interface ZipEntry {
  readonly name: string;
  readonly body: Iterable<Uint8Array> | AsyncIterable<Uint8Array>;
}

/** Without zip64 sizes and offsets have 32 bits. */
const maxBytes = 0xffff_ffff;
const utf8AndDescriptor = 0x0808;
const deflated = 8;
/** 1980-01-01 00:00, the zip format's first moment: made files do not depend on when they were made. */
const dosDate = 0x0021;

interface Written {
  readonly name: Buffer;
  readonly offset: number;
  readonly crc: number;
  readonly packedBytes: number;
  readonly plainBytes: number;
}

/** A zip file as a stream (sizes after the data), as AWS packs legacy reports; several entries where asked for. */
export async function* zipOf(entries: Iterable<ZipEntry>): AsyncGenerator<Uint8Array> {
  const directory: Written[] = [];
  let offset = 0;
  for (const { name, body } of entries) {
    const start = offset;
    const encoded = Buffer.from(name);
    const header = localHeader(encoded);
    yield header;
    offset += header.length;
    let crc = 0;
    let plainBytes = 0;
    const counted = count(body, (bytes) => {
      crc = crc32(bytes, crc);
      plainBytes += bytes.length;
    });
    let packedBytes = 0;
    for await (const bytes of through(counted, createDeflateRaw())) {
      yield bytes;
      packedBytes += bytes.length;
    }
    offset += packedBytes;
    if (plainBytes > maxBytes || offset > maxBytes)
      throw new AppError('BAD_INPUT', `${name} is too large for a zip without zip64`);
    const written = { name: encoded, offset: start, crc, packedBytes, plainBytes };
    const descriptor = dataDescriptor(written);
    yield descriptor;
    offset += descriptor.length;
    directory.push(written);
  }
  yield centralDirectory(directory, offset);
}

async function* count(
  body: Iterable<Uint8Array> | AsyncIterable<Uint8Array>,
  see: (bytes: Uint8Array) => void,
): AsyncGenerator<Uint8Array> {
  for await (const bytes of body) {
    see(bytes);
    yield bytes;
  }
}

function localHeader(name: Buffer): Buffer {
  return record(
    [
      [4, 0x04034b50],
      [2, 20],
      [2, utf8AndDescriptor],
      [2, deflated],
      [2, 0],
      [2, dosDate],
      [4, 0],
      [4, 0],
      [4, 0],
      [2, name.length],
      [2, 0],
    ],
    name,
  );
}

function dataDescriptor({ crc, packedBytes, plainBytes }: Written): Buffer {
  return record([
    [4, 0x08074b50],
    [4, crc],
    [4, packedBytes],
    [4, plainBytes],
  ]);
}

function centralDirectory(directory: readonly Written[], offset: number): Buffer {
  const headers = Buffer.concat(
    directory.map(({ name, offset: at, crc, packedBytes, plainBytes }) =>
      record(
        [
          [4, 0x02014b50],
          [2, 20],
          [2, 20],
          [2, utf8AndDescriptor],
          [2, deflated],
          [2, 0],
          [2, dosDate],
          [4, crc],
          [4, packedBytes],
          [4, plainBytes],
          [2, name.length],
          [2, 0],
          [2, 0],
          [2, 0],
          [2, 0],
          [4, 0],
          [4, at],
        ],
        name,
      ),
    ),
  );
  const end = record([
    [4, 0x06054b50],
    [2, 0],
    [2, 0],
    [2, directory.length],
    [2, directory.length],
    [4, headers.length],
    [4, offset],
    [2, 0],
  ]);
  return Buffer.concat([headers, end]);
}

/** Little-endian fields of two or four bytes, then `tail`. */
function record(fields: readonly (readonly [2 | 4, number])[], tail: Buffer = Buffer.alloc(0)): Buffer {
  const head = Buffer.alloc(fields.reduce((sum, [bytes]) => sum + bytes, 0));
  let at = 0;
  for (const [bytes, value] of fields) at = head.writeUIntLE(value, at, bytes);
  return Buffer.concat([head, tail]);
}
