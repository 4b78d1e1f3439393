import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chownSync, cpSync, existsSync, mkdirSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { AppError } from '../../errors.ts';
import { binariesIn, type PostgresBinaries } from './binaries.ts';

/** Who runs the server, from where: PostgreSQL refuses to run as root. */
export interface ServerPlace {
  readonly binaries: PostgresBinaries;
  readonly folder: string;
  /** Undefined: ourselves. */
  readonly identity: { readonly uid: number; readonly gid: number } | undefined;
}

const userName = 'postgres';
/** Where root's clusters live when the wanted folder lies under a home that the user postgres can't enter. */
const systemFolder = '/var/lib/billvault';

export function placeServer(binaries: PostgresBinaries, folder: string): ServerPlace {
  mkdirSync(folder, { recursive: true, mode: 0o755 });
  if (process.getuid?.() !== 0) return { binaries, folder, identity: undefined };
  const identity = findIdentity() ?? createIdentity();
  // The folder is the server's own from here on; what its user may not enter are the folders above, if anything.
  chownSync(folder, identity.uid, identity.gid);
  const canRunHere = canEnter(binaries.folder, identity) && canEnter(folder, identity);
  const place = canRunHere ? { binaries, folder } : moveOut(binaries, folder);
  chownSync(place.folder, identity.uid, identity.gid);
  return { ...place, identity };
}

function findIdentity(): { uid: number; gid: number } | undefined {
  const uid = spawnSync('id', ['-u', userName], { encoding: 'utf8' });
  const gid = spawnSync('id', ['-g', userName], { encoding: 'utf8' });
  return uid.status === 0 && gid.status === 0 ? { uid: Number(uid.stdout), gid: Number(gid.stdout) } : undefined;
}

function createIdentity(): { uid: number; gid: number } {
  spawnSync('useradd', ['--system', '--user-group', '--no-create-home', userName]);
  const identity = findIdentity();
  if (identity === undefined) {
    throw new AppError(
      'BAD_CONFIG',
      `PostgreSQL does not run as root and the user ${userName} could not be made: run as another user, or set BILLVAULT_DATABASE_URL`,
    );
  }
  return identity;
}

function canEnter(folder: string, identity: { uid: number; gid: number }): boolean {
  return (
    spawnSync('/bin/sh', ['-c', 'cd "$0" && ls >/dev/null', folder], { ...identity, stdio: 'ignore', cwd: '/' })
      .status === 0
  );
}

/** Where a cluster wanted in `folder` lives when it had to be moved out. */
function movedOutFolder(folder: string): string {
  const name = createHash('sha256').update(folder).digest('hex').slice(0, 12);
  return join(systemFolder, `postgres-${name}`);
}

/** Deletes a cluster that was stopped, wherever it lives. */
export function removePlace(folder: string): void {
  for (const each of [folder, movedOutFolder(folder)]) rmSync(each, { recursive: true, force: true });
}

function moveOut(binaries: PostgresBinaries, folder: string): { binaries: PostgresBinaries; folder: string } {
  const target = movedOutFolder(folder);
  const programs = join(target, 'programs');
  if (!existsSync(programs)) {
    mkdirSync(dirname(programs), { recursive: true, mode: 0o755 });
    cpSync(binaries.folder, programs, { recursive: true, verbatimSymlinks: true });
  }
  const data = join(target, 'cluster');
  mkdirSync(data, { recursive: true, mode: 0o755 });
  return { binaries: binariesIn(programs), folder: data };
}
