import pg from 'pg';
import { sourceDatabases } from '../../../src/archive/source/source-databases.ts';
import type { ArchiveScene } from '../../support/archive-scene.ts';
import { openTestDatabase } from '../../support/database.ts';

/** The scene with an empty database beside its source, configured as the source `fresh`. */
export interface SceneWithFresh extends AsyncDisposable {
  readonly scene: ArchiveScene;
  query<Row extends pg.QueryResultRow>(sql: string): Promise<readonly Row[]>;
}

export async function withFreshDatabase(scene: ArchiveScene): Promise<SceneWithFresh> {
  const database = await openTestDatabase();
  const urls: Readonly<Record<string, string>> = { ledger: scene.sourceUrl, fresh: database.url };
  const sources = sourceDatabases({ names: Object.keys(urls), urlOf: (name) => urls[name] ?? '', max: 14 });
  const pinned = '-c TimeZone=UTC -c DateStyle=ISO,YMD -c IntervalStyle=postgres -c extra_float_digits=1';
  const pool = new pg.Pool({ connectionString: database.url, max: 2, options: pinned });
  pool.on('error', () => undefined);
  return {
    scene: { ...scene, context: { ...scene.context, sources } },
    query: async (sql) => (await pool.query(sql)).rows,
    async [Symbol.asyncDispose]() {
      await pool.end();
      await sources[Symbol.asyncDispose]();
      await database.drop();
    },
  };
}
