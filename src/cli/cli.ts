import { userInfo } from 'node:os';
import { readConfig } from '../config.ts';
import { createLogger } from '../log.ts';
import { printableJson } from '../printable.ts';
import { openResources, type Resources } from '../resources.ts';

/** Where a command reads and writes; the process's own, or a test's. */
export interface CliIo {
  readonly stdout: { write(text: string): unknown };
  readonly stderr: NodeJS.WritableStream & { readonly isTTY?: boolean };
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Where billvault.yaml is looked for. */
  readonly folder: string;
  /** Aborted by Ctrl-C. */
  readonly signal: AbortSignal;
}

/** What every command works with. */
export interface Cli {
  readonly io: CliIo;
  /** Who, in the audit events: `cli:alice`. */
  readonly actor: string;
  /** Opens the same databases as the service (and beside it), works, and closes them. */
  withResources<T>(work: (resources: Resources) => Promise<T>): Promise<T>;
  /** Prints text for people, or with `--json` the value for programs. */
  print(options: PrintOptions, value: unknown, text: () => string): void;
}

export interface PrintOptions {
  readonly json?: boolean | undefined;
}

/** @param isVerbose logs what happens, as the service would */
export function createCli(io: CliIo, isVerbose: () => boolean): Cli {
  return {
    io,
    actor: `cli:${userName()}`,
    async withResources(work) {
      const config = readConfig(io.environment, io.folder);
      const resources = await openResources(config, createLogger(isVerbose() ? config.log.level : 'silent'));
      try {
        return await work(resources);
      } finally {
        await resources.close();
      }
    },
    print(options, value, text) {
      io.stdout.write(`${options.json ? printableJson(value) : text()}\n`);
    },
  };
}

function userName(): string {
  try {
    return userInfo().username;
  } catch {
    // A container may run as a number that has no name.
    return `uid ${process.getuid?.() ?? 'unknown'}`;
  }
}
