import type pg from 'pg';

/** What to do about it, for messages that name the source. */
export const replicaAdvice = "let the source's URL lead to the primary";

/**
 * Whether the server takes no writes, whoever asks: a hot standby, or a reader of a cloud's. Asked in a session of ours, which
 * does not have the role's or the database's own settings, and outside of a transaction.
 */
export async function isReplica(client: pg.ClientBase | pg.Pool): Promise<boolean> {
  const { rows } = await client.query<{ replica: boolean }>(
    `select pg_catalog.pg_is_in_recovery()
         or pg_catalog.current_setting('default_transaction_read_only') = 'off'
            and pg_catalog.current_setting('transaction_read_only') = 'on' as replica`,
  );
  return rows[0]?.replica === true;
}
