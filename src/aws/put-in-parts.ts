import { Readable } from 'node:stream';
import { AbortMultipartUploadCommand, CompleteMultipartUploadCommand, type S3Client } from '@aws-sdk/client-s3';
import { Upload } from '@aws-sdk/lib-storage';
import type { PutRequest } from './archive-store.ts';
import { writeOnceInput } from './put-whole.ts';

/** Sends one command of the upload, whose body has up to `bodyBytes`. Errors are mapped. */
export type SendPart = (
  command: Parameters<S3Client['send']>[0],
  options: { readonly bodyBytes: number; readonly signal: AbortSignal | undefined },
) => Promise<unknown>;

export interface PutInPartsRequest {
  readonly bucket: string;
  readonly client: S3Client;
  readonly send: SendPart;
  readonly request: PutRequest;
}

const mebibyte = 1_024 * 1_024;
/** At S3's most of 10,000 parts this makes an object of 80 GB, far beyond what is held in memory. */
const partBytes = 8 * mebibyte;
/** Parts on their way at once: together with the next they are copies of 40 MiB, whatever the object's size. */
const partsAtOnce = 4;
/** The upload copies what it is handed until it has a part and a piece more: small pieces keep that more small. */
const pieceBytes = mebibyte;

/**
 * A multipart upload. Every part carries its CRC-64, of which S3 makes that of the whole object: a SHA-256 of the whole is
 * nothing that it would take for parts ("Checking object integrity", S3 user guide). An upload that fails is taken back.
 * @returns the version that was made, as far as the server names it
 */
export async function putInParts({ bucket, client, send, request }: PutInPartsRequest): Promise<string | undefined> {
  const body = Readable.from(pieces(request.chunks));
  let versionId: string | undefined;
  const sendOne: SendPart = async (command, { bodyBytes }) => {
    if (command instanceof AbortMultipartUploadCommand)
      return abandon(() => send(command, { bodyBytes, signal: undefined }));
    const output = await send(command, { bodyBytes, signal: request.signal });
    if (command instanceof CompleteMultipartUploadCommand) versionId = versionOf(output);
    return output;
  };
  const upload = new Upload({
    client: clientThatSends(client, sendOne),
    params: {
      ...writeOnceInput(bucket, request),
      Body: body,
      ContentLength: request.sizeBytes,
      ChecksumAlgorithm: 'CRC64NVME',
    },
    partSize: partBytes,
    queueSize: partsAtOnce,
    leavePartsOnError: false,
  });
  try {
    await upload.done();
    return versionId;
  } finally {
    body.destroy();
  }
}

/**
 * The client as `Upload` sees it: it knows neither of timeouts for each request nor of a signal that ends those under way,
 * so every request of it goes through `send`.
 */
function clientThatSends(client: S3Client, send: SendPart): S3Client {
  const value: (command: Parameters<SendPart>[0]) => Promise<unknown> = (command) =>
    send(command, { bodyBytes: partBytes, signal: undefined });
  return Object.create(client, { send: { value } });
}

/** What is left behind is freed by the bucket's lifecycle; why the upload failed matters more than why it stays. */
async function abandon(send: () => Promise<unknown>): Promise<unknown> {
  try {
    return await send();
  } catch {
    return {};
  }
}

function versionOf(output: unknown): string | undefined {
  const versionId: unknown = Reflect.get(Object(output), 'VersionId');
  return typeof versionId === 'string' ? versionId : undefined;
}

function* pieces(chunks: readonly Uint8Array[]): Generator<Uint8Array, void> {
  for (const chunk of chunks) {
    for (let start = 0; start < chunk.length; start += pieceBytes) yield chunk.subarray(start, start + pieceBytes);
  }
}
