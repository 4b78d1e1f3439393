import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A file system of its own in memory, which can be full. */
export interface SmallDisk extends Disposable {
  readonly folder: string;
  /** Fills it up until so many bytes are left; rounded down to its blocks. */
  leave(bytes: number): void;
}

const ballast = 'ballast';

/** For a test's `skip`: false where a file system may be mounted, which is root's alone. */
export const withoutSmallDisk: string | false = (() => {
  const folder = mkdtempSync(join(tmpdir(), 'billvault-disk-'));
  const { status } = mount(folder, 65_536);
  if (status === 0) unmount(folder);
  rmSync(folder, { recursive: true });
  return status === 0 ? false : 'a file system in memory cannot be mounted here (mount -t tmpfs, as root)';
})();

export function openSmallDisk(bytes: number): SmallDisk {
  const folder = mkdtempSync(join(tmpdir(), 'billvault-disk-'));
  const { status, stderr } = mount(folder, bytes);
  if (status !== 0) throw new Error(`no file system in memory: ${stderr}`);
  const path = join(folder, ballast);
  return {
    folder,
    leave(left) {
      writeFileSync(path, '');
      const { bfree, bsize } = statfsSync(folder);
      const blocks = Math.floor(left / bsize);
      writeFileSync(path, Buffer.alloc(Math.max(0, bfree - blocks) * bsize));
    },
    [Symbol.dispose]() {
      unmount(folder);
      rmSync(folder, { recursive: true });
    },
  };
}

function mount(folder: string, bytes: number) {
  return spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${bytes},mode=700`, 'billvault-test', folder], {
    encoding: 'utf8',
  });
}

function unmount(folder: string): void {
  spawnSync('umount', [folder]);
}
