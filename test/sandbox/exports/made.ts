import { createHash } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';

/** Small made files whole; the makers stream them. */
export async function bytesOf(body: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of body) chunks.push(chunk);
  return Buffer.concat(chunks);
}

export async function sha256Of(body: AsyncIterable<Uint8Array>): Promise<string> {
  const digest = createHash('sha256');
  for await (const chunk of body) digest.update(chunk);
  return digest.digest('hex');
}

/** What DuckDB, a reader that we did not write, answers about a file; `$file` in the query is its path. */
export async function askDuckDb(content: Uint8Array, ending: string, query: string): Promise<readonly unknown[]> {
  const folder = await mkdtemp(join(tmpdir(), 'billvault-made-'));
  try {
    const file = join(folder, `file.${ending}`);
    await writeFile(file, content);
    const database = await DuckDBInstance.create(':memory:');
    const connection = await database.connect();
    const result = await connection.runAndReadAll(query.replaceAll('$file', `'${file}'`));
    connection.closeSync();
    database.closeSync();
    return result.getRowObjectsJson();
  } finally {
    await rm(folder, { recursive: true });
  }
}
