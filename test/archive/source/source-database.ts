import pg from 'pg';
import { openSource } from '../../../src/archive/source/open-source.ts';
import type { LinesStatement } from '../../../src/archive/source/range-statements.ts';
import { copyOut } from '../../../src/db/copy-out.ts';
import { openTestDatabase } from '../../support/database.ts';

export interface TestSource extends AsyncDisposable {
  readonly url: string;
  /** As the archive's own connections are. */
  readonly pool: pg.Pool;
  /** Of the application whose database it is: no setting of it is ours. */
  readonly owner: pg.Client;
}

/** An empty source database of one's own, opened as the archive does. */
export async function openTestSource(): Promise<TestSource> {
  const database = await openTestDatabase();
  const source = await openSource({ name: 'test', url: database.url, max: 4 });
  const owner = new pg.Client({ connectionString: database.url });
  await owner.connect();
  return {
    url: database.url,
    pool: source.pool,
    owner,
    async [Symbol.asyncDispose]() {
      await owner.end();
      await source[Symbol.asyncDispose]();
      await database.drop();
    },
  };
}

export async function linesOf(client: pg.PoolClient, statement: LinesStatement): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of copyOut(client, statement)) chunks.push(chunk);
  return Buffer.concat(chunks);
}
