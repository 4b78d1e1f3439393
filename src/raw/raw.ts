import { join } from 'node:path';
import type pg from 'pg';
import { migrate } from '../db/migrate.ts';
import { createPool } from '../db/pool.ts';

const migrationsFolder = join(import.meta.dirname, 'migrations');

export interface RawDatabase {
  readonly pool: pg.Pool;
  close(): Promise<void>;
}

/** Brings the raw billing database's own tables up to date and opens it. */
export async function openRawDatabase({
  url,
  max,
}: {
  readonly url: string;
  readonly max: number;
}): Promise<RawDatabase> {
  const pool = createPool({ url, max, applicationName: 'billvault raw' });
  try {
    await migrate(pool, { directory: migrationsFolder, schema: 'billvault' });
  } catch (error) {
    // A pool that is not ended keeps the process from ending.
    await pool.end();
    throw error;
  }
  return { pool, close: () => pool.end() };
}
