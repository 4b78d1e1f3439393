// Are the migrations in step with prisma/schema.prisma? Two throw-away databases, one made by the migrations and one by
// what Prisma's own engine (its WebAssembly build, which needs no download) says the schema is, must have the same columns
// and types; and every key and index of the schema must be there (the migrations hold more: checks, triggers).
//   node .ci/migrations.ts               exit 1 and the differences, when there are any
//   node .ci/migrations.ts --create NAME writes the SQL from the committed schema.prisma to this one as a new migration
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { PrismaPg } from '@prisma/adapter-pg';
import { bindMigrationAwareSqlAdapterFactory } from '@prisma/driver-adapter-utils';
import { SchemaEngine } from '@prisma/schema-engine-wasm';
import type pg from 'pg';
import { migrate } from '../src/db/migrate.ts';
import { createPool } from '../src/db/pool.ts';
import { openEmbeddedPostgres } from '../src/sandbox/postgres/cluster.ts';

const root = join(import.meta.dirname, '..');
const schemaPath = join(root, 'prisma', 'schema.prisma');
const migrationsPath = join(root, 'prisma', 'migrations');

const { values } = parseArgs({ options: { create: { type: 'string' } } });
const folder = mkdtempSync(join(tmpdir(), 'billvault-check-'));
const cluster = await openEmbeddedPostgres({ folder, durable: false });
try {
  if (values.create === undefined) await check();
  else await create(values.create);
} finally {
  await cluster.stop();
  rmSync(folder, { recursive: true, force: true });
}

async function check(): Promise<void> {
  const wanted = await describe(await cluster.database('wanted'), async (pool) => {
    await pool.query(await difference(undefined, readFileSync(schemaPath, 'utf8')));
  });
  const actual = await describe(await cluster.database('actual'), async (pool) => {
    await migrate(pool, { directory: migrationsPath, schema: 'registry' });
  });
  const missing = wanted.filter((line) => !actual.includes(line));
  const surplus = actual.filter((line) => line.startsWith('column') && !wanted.includes(line));
  if (missing.length + surplus.length === 0) {
    process.stdout.write('migrations: in step with prisma/schema.prisma\n');
    return;
  }
  process.stderr.write('migrations: not in step with prisma/schema.prisma\n');
  for (const line of missing) process.stderr.write(`  only in the schema:     ${line}\n`);
  for (const line of surplus) process.stderr.write(`  only in the migrations: ${line}\n`);
  process.exitCode = 1;
}

async function create(name: string): Promise<void> {
  const first = !existsSync(migrationsPath) || readdirSync(migrationsPath).length === 0;
  const before = first
    ? undefined
    : execFileSync('git', ['show', 'HEAD:prisma/schema.prisma'], { cwd: root, encoding: 'utf8' });
  const stamp = new Date().toISOString().replace(/\D/g, '').slice(0, 14);
  const target = join(migrationsPath, `${stamp}_${name}`);
  const sql = await difference(before, readFileSync(schemaPath, 'utf8'));
  mkdirSync(target, { recursive: true });
  writeFileSync(join(target, 'migration.sql'), sql);
  process.stdout.write(`migrations: wrote ${target}\n`);
}

/** SQL that leads from one schema (undefined: an empty database) to another. */
async function difference(before: string | undefined, after: string): Promise<string> {
  const file = (content: string) => ({ path: schemaPath, content });
  const adapter = new PrismaPg({ connectionString: await cluster.database('engine') });
  const engine = await SchemaEngine.new(
    { datamodels: [[schemaPath, after]] },
    () => undefined,
    bindMigrationAwareSqlAdapterFactory(adapter),
  );
  const result = await engine.diff({
    from: before === undefined ? { tag: 'empty' } : { tag: 'schemaDatamodel', files: [file(before)] },
    to: { tag: 'schemaDatamodel', files: [file(after)] },
    script: true,
    exitCode: null,
    filters: { externalTables: [], externalEnums: [] },
  });
  return `${(result.stdout ?? '').trim()}\n`;
}

async function describe(url: string, fill: (pool: pg.Pool) => Promise<void>): Promise<readonly string[]> {
  const pool = createPool({ url, max: 2, applicationName: 'billvault check' });
  try {
    await fill(pool);
    const { rows } = await pool.query<{ line: string }>(`
      select format('column %s.%s %s%s default %s', c.relname, a.attname, format_type(a.atttypid, a.atttypmod),
                    case when a.attnotnull then ' not null' else '' end, pg_get_expr(d.adbin, d.adrelid)) as line
        from pg_attribute a
        join pg_class c on c.oid = a.attrelid and c.relkind in ('r', 'p') and c.relname <> '_prisma_migrations'
        left join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
       where c.relnamespace = 'registry'::regnamespace and a.attnum > 0 and not a.attisdropped
      union all
      select format('constraint %s %s', conrelid::regclass, pg_get_constraintdef(oid))
        from pg_constraint
       where connamespace = 'registry'::regnamespace and contype in ('p', 'f', 'u') and conrelid::regclass::text !~ '_prisma'
      union all
      select format('index %s', pg_get_indexdef(indexrelid))
        from pg_index join pg_class c on c.oid = indrelid
       where c.relnamespace = 'registry'::regnamespace and c.relname <> '_prisma_migrations'
      union all
      select format('enum %s %s', enumtypid::regtype, string_agg(enumlabel, ',' order by enumsortorder))
        from pg_enum join pg_type t on t.oid = enumtypid
       where t.typnamespace = 'registry'::regnamespace group by enumtypid
      order by 1`);
    return rows.map((row) => row.line);
  } finally {
    await pool.end();
  }
}
