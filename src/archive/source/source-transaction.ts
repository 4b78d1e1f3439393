import type pg from 'pg';
import { withConnection } from '../../db/pool.ts';
import { AppError } from '../../errors.ts';
import { isReplica, replicaAdvice } from './replica.ts';
import { checkSession } from './session-settings.ts';

type Work<T> = (client: pg.PoolClient) => Promise<T>;

/**
 * Runs `work` in one snapshot of a source database that it cannot change: all that it reads is of one moment.
 * @throws AppError BAD_CONFIG when the session does not hold the pinned settings; whatever `work` threw, database errors mapped
 */
export function inSnapshot<T>(pool: pg.Pool, work: Work<T>): Promise<T> {
  return inPinned(pool, 'begin isolation level repeatable read read only', work);
}

/**
 * Runs `work` in a transaction that may change the source: commit when it returns, rollback when it throws.
 * @throws AppError as `inSnapshot`; BAD_CONFIG on a replica
 */
export function inSourceTransaction<T>(pool: pg.Pool, work: Work<T>): Promise<T> {
  return inPinned(pool, beginWriting, work);
}

const beginWriting = 'begin isolation level read committed read write';

function inPinned<T>(pool: pg.Pool, begin: string, work: Work<T>): Promise<T> {
  return withConnection(pool, async (client) => {
    await client.query(begin).catch(async (error: unknown) => {
      throw begin === beginWriting && (await isReplica(client)) ? refuseReplica(error) : error;
    });
    try {
      // Inside the transaction: a pooler may give every transaction another session.
      await checkSession(client);
      const result = await work(client);
      const { command } = await client.query('commit');
      // PostgreSQL answers the commit of a failed transaction with ROLLBACK, and without an error.
      if (command !== 'COMMIT')
        throw new AppError('DATABASE', 'a transaction of the source database was not committed');
      return result;
    } catch (error) {
      // The error that brought us here matters, not that of a rollback on a broken connection.
      await client.query('rollback').catch(() => undefined);
      throw error;
    }
  });
}

function refuseReplica(cause: unknown): AppError {
  const text = `the source database is a read-only replica: nothing can be changed there; ${replicaAdvice}`;
  return new AppError('BAD_CONFIG', text, { cause });
}
