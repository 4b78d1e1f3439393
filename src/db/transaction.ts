import type pg from 'pg';
import { withConnection } from './pool.ts';

/**
 * Runs `work` in one transaction: commit when it returns, rollback when it throws.
 * @throws AppError whatever `work` threw, database errors mapped
 */
export async function inTransaction<T>(pool: pg.Pool, work: (client: pg.PoolClient) => Promise<T>): Promise<T> {
  return withConnection(pool, async (client) => {
    await client.query('begin');
    try {
      const result = await work(client);
      await client.query('commit');
      return result;
    } catch (error) {
      // The error that brought us here matters, not that of a rollback on a broken connection.
      await client.query('rollback').catch(() => undefined);
      throw error;
    }
  });
}
