import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type pg from 'pg';
import { AppError } from '../errors.ts';
import { sqlErrorOf } from './database-error.ts';
import { quoteIdentifier, quoteQualified } from './identifier.ts';
import { inTransaction } from './transaction.ts';

export interface Migrations {
  /** Folder of `<name>/migration.sql`, applied in the order of their names. */
  readonly directory: string;
  /** Schema that holds the record of what was applied; made when absent. */
  readonly schema: string;
}

interface Migration {
  readonly name: string;
  readonly sql: string;
  readonly checksum: string;
}

/** SQLSTATE. */
const insufficientPrivilege = '42501';

/** Prisma's own name and shape for this table, so that its tools understand a database of ours. */
const recordTable = '_prisma_migrations';

/**
 * Brings a database up to date, in one transaction under an advisory lock: any number of processes may start at once,
 * one applies, the others wait and find nothing to do.
 * @returns the names applied
 * @throws AppError BAD_CONFIG when the user may not; CONFLICT when a migration that was applied has changed since, or is
 * unknown to this version
 */
export async function migrate(pool: pg.Pool, migrations: Migrations): Promise<readonly string[]> {
  const wanted = await readMigrations(migrations.directory);
  return inTransaction(pool, (client) => bringUp(client, migrations, wanted)).catch((error: unknown) => {
    throw sqlErrorOf(error)?.code === insufficientPrivilege ? mayNot(error, migrations) : error;
  });
}

async function bringUp(
  client: pg.PoolClient,
  migrations: Migrations,
  wanted: readonly Migration[],
): Promise<readonly string[]> {
  await client.query('select pg_advisory_xact_lock(hashtextextended($1, 0))', [
    `billvault:migrate:${migrations.schema}`,
  ]);
  const applied = await readRecord(client, migrations.schema);
  checkHistory(wanted, applied);
  const pending = wanted.filter(({ name }) => !applied.has(name));
  for (const migration of pending) await apply(client, migrations.schema, migration);
  return pending.map(({ name }) => name);
}

function mayNot(cause: unknown, { schema }: Migrations): AppError {
  const said = cause instanceof Error ? cause.message : '';
  const text = `${said}: schema ${schema} is made and changed by us, so the database user needs CREATE on the database, and has to own what is there`;
  return new AppError('BAD_CONFIG', text, { cause });
}

async function readMigrations(directory: string): Promise<readonly Migration[]> {
  const entries = await readdir(directory, { withFileTypes: true });
  const names = entries.filter((entry) => entry.isDirectory()).map((entry) => entry.name);
  return Promise.all(
    names.sort().map(async (name) => {
      const sql = await readFile(join(directory, name, 'migration.sql'), 'utf8');
      return { name, sql, checksum: createHash('sha256').update(sql).digest('hex') };
    }),
  );
}

async function readRecord(client: pg.PoolClient, schema: string): Promise<ReadonlyMap<string, string>> {
  await client.query(`create schema if not exists ${quoteIdentifier(schema)}`);
  await client.query(`create table if not exists ${quoteQualified(schema, recordTable)} (
    id                  varchar(36) primary key,
    checksum            varchar(64) not null,
    finished_at         timestamptz,
    migration_name      varchar(255) not null,
    logs                text,
    rolled_back_at      timestamptz,
    started_at          timestamptz not null default now(),
    applied_steps_count integer not null default 0
  )`);
  const { rows } = await client.query<{ migration_name: string; checksum: string }>(
    `select migration_name, checksum from ${quoteQualified(schema, recordTable)} where rolled_back_at is null`,
  );
  return new Map(rows.map((row) => [row.migration_name, row.checksum]));
}

function checkHistory(wanted: readonly Migration[], applied: ReadonlyMap<string, string>): void {
  const known = new Map(wanted.map(({ name, checksum }) => [name, checksum]));
  for (const [name, checksum] of applied) {
    if (!known.has(name)) {
      throw new AppError(
        'CONFLICT',
        `the database has migration ${name}, which this version does not know: run a newer version`,
      );
    }
    if (known.get(name) !== checksum) {
      throw new AppError(
        'CONFLICT',
        `migration ${name} was changed after it had been applied: restore it and add a new one`,
      );
    }
  }
}

async function apply(client: pg.PoolClient, schema: string, { name, sql, checksum }: Migration): Promise<void> {
  await client.query(sql);
  await client.query(
    `insert into ${quoteQualified(schema, recordTable)} (id, checksum, finished_at, migration_name, applied_steps_count)
     values (gen_random_uuid()::text, $1, now(), $2, 1)`,
    [checksum, name],
  );
}
