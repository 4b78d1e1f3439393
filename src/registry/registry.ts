import { join } from 'node:path';
import { PrismaPg } from '@prisma/adapter-pg';
import type pg from 'pg';
import { migrate } from '../db/migrate.ts';
import { createPool } from '../db/pool.ts';
import { PrismaClient } from './generated/client.ts';

const schema = 'registry';
const migrationsFolder = join(import.meta.dirname, '..', '..', 'prisma', 'migrations');

/** Prisma's client of the control plane, or a transaction of it. */
export type Registry = Omit<PrismaClient, '$connect' | '$disconnect' | '$on' | '$use' | '$extends' | '$transaction'>;

export interface OpenRegistry {
  readonly registry: PrismaClient;
  close(): Promise<void>;
}

/** A pool that is not ended keeps the process from ending. */
async function migrateOrEnd(pool: pg.Pool): Promise<void> {
  try {
    await migrate(pool, { directory: migrationsFolder, schema });
  } catch (error) {
    await pool.end();
    throw error;
  }
}

export interface RegistryOptions {
  readonly url: string;
  /** Connections at most. */
  readonly max: number;
}

/**
 * Brings the registry's schema up to date and opens it.
 * @throws AppError DATABASE_UNAVAILABLE, or CONFLICT when the database belongs to a newer version
 */
export async function openRegistry({ url, max }: RegistryOptions): Promise<OpenRegistry> {
  const pool = createPool({ url, max, applicationName: 'billvault registry' });
  await migrateOrEnd(pool);
  const registry = new PrismaClient({ adapter: new PrismaPg(pool, { schema, disposeExternalPool: false }) });
  return {
    registry,
    async close() {
      await registry.$disconnect();
      await pool.end();
    },
  };
}
