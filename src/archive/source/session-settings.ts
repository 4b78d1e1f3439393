import type pg from 'pg';
import { AppError } from '../../errors.ts';

/**
 * What the text of a value, of a default, or the rows that a query sees depend on. The canonical lines are only then the same
 * everywhere when every session has exactly these, whatever the role or the database has as its defaults.
 */
export const pinnedSettings = {
  TimeZone: 'UTC',
  DateStyle: 'ISO, YMD',
  IntervalStyle: 'postgres',
  extra_float_digits: '1',
  bytea_output: 'hex',
  lc_monetary: 'C',
  xmloption: 'content',
  client_encoding: 'UTF8',
  array_nulls: 'on',
  standard_conforming_strings: 'on',
  quote_all_identifiers: 'off',
  /** Names in definitions are then qualified, and no function of somebody else's is found before PostgreSQL's own. */
  search_path: 'pg_catalog, pg_temp',
  /** A table whose policy would hide rows from us is an error, not a table with fewer rows. */
  row_security: 'off',
} as const;

/** What would end a long statement, or change what our transactions mean. */
const calmSettings: Readonly<Record<string, string>> = {
  statement_timeout: '0',
  lock_timeout: '0',
  idle_in_transaction_session_timeout: '0',
  idle_session_timeout: '0', // since 14
  transaction_timeout: '0', // since 17
  default_transaction_read_only: 'off',
  default_transaction_isolation: 'read committed',
  default_transaction_deferrable: 'off',
  /** An export is one process's load on the source, never that of its parallel helpers. */
  max_parallel_workers_per_gather: '0',
  jit: 'off',
};

/** A server notices within this time that we are gone. Since 14, and not on every operating system. */
const clientCheckMillis = 10_000;
const settingTimeoutMillis = 30_000;

/** Settings that this server's version does not have are left out. */
const setAll = `
  select set_config(wanted.name, wanted.value, false)
  from json_each_text($1::json) as wanted(name, value)
  where exists (select from pg_catalog.pg_settings s where lower(s.name) = lower(wanted.name))`;

/** Pins a new session. */
export async function prepareSession(client: pg.ClientBase): Promise<void> {
  const settings = JSON.stringify({ ...calmSettings, ...pinnedSettings });
  await client.query({ text: setAll, values: [settings], query_timeout: settingTimeoutMillis } as pg.QueryConfig);
  const check = `set client_connection_check_interval = ${clientCheckMillis}`;
  // Its absence only means that the server notices our end later.
  await client.query({ text: check, query_timeout: settingTimeoutMillis } as pg.QueryConfig).catch(() => undefined);
}

/**
 * Proves that the session has the pinned settings, here and now.
 * @throws AppError BAD_CONFIG
 */
export async function checkSession(client: pg.ClientBase): Promise<void> {
  const { rows } = await client.query<{ name: string; setting: string }>(
    'select name, setting from pg_catalog.pg_settings where lower(name) = any($1)',
    [Object.keys(pinnedSettings).map((name) => name.toLowerCase())],
  );
  const held = new Map(rows.map(({ name, setting }) => [name.toLowerCase(), setting]));
  for (const [name, value] of Object.entries(pinnedSettings)) {
    const found = held.get(name.toLowerCase());
    if (found === value) continue;
    throw new AppError(
      'BAD_CONFIG',
      `the source database does not hold the setting ${name} = ${value} (it is ${found}): a connection pooler in transaction mode? Use session mode, or the server's own address`,
    );
  }
}
