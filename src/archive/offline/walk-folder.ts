import type { Dirent } from 'node:fs';
import { opendir } from 'node:fs/promises';
import { join } from 'node:path';
import { AppError } from '../../errors.ts';
import { checkCancelled } from './check-cancelled.ts';
import type { Findings } from './finding.ts';

/** Ten years of a thousand tables, in one part each, are 120,000; their paths are held in memory. */
const maxFiles = 1_000_000;
/** A key of S3 has 1,024 bytes; ours have seven segments after the prefix. */
const maxDepth = 100;

export interface WalkFolderOptions {
  readonly folder: string;
  readonly findings: Findings;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Paths of all regular files below the folder, with slashes. Nothing outside of it is reached: links are not followed but
 * reported, and what is looked for later is looked up here first.
 * @throws AppError BAD_INPUT when it is no readable folder, or one without end
 */
export async function walkFolder({ folder, findings, signal }: WalkFolderOptions): Promise<ReadonlySet<string>> {
  const files = new Set<string>();
  const waiting: string[][] = [[]];
  for (let segments = waiting.pop(); segments !== undefined; segments = waiting.pop()) {
    for await (const entry of entriesOf(folder, segments)) {
      checkCancelled(signal);
      const path = [...segments, entry.name];
      if (entry.isDirectory()) {
        if (path.length > maxDepth) throw new AppError('BAD_INPUT', `${folder} nests deeper than ${maxDepth} folders`);
        waiting.push(path);
      } else if (entry.isFile()) {
        files.add(path.join('/'));
        if (files.size > maxFiles) throw new AppError('BAD_INPUT', `${folder} has more than ${maxFiles} files`);
      } else findings.add('FORMAT_UNKNOWN', path.join('/'), 'is a link or a device, not a file: it is not looked into');
    }
  }
  return files;
}

async function* entriesOf(folder: string, segments: readonly string[]): AsyncGenerator<Dirent, void> {
  const path = join(folder, ...segments);
  try {
    yield* await opendir(path);
  } catch (cause) {
    const text = cause instanceof Error ? cause.message : String(cause);
    throw new AppError('BAD_INPUT', `the folder ${path} cannot be read: ${text}`, { cause });
  }
}
