import pLimit, { type LimitFunction } from 'p-limit';
import { openSource, type Source } from './open-source.ts';

export interface SourceDatabasesOptions {
  /** As in billvault.yaml. */
  readonly names: readonly string[];
  /** The URL that the environment gave for it. @throws AppError NOT_FOUND, BAD_CONFIG when it gave none */
  readonly urlOf: (name: string) => string;
  /** Connections at most, of each or by its name. */
  readonly max: number | ((name: string) => number);
  /** Large tables worked on at the same time; default 1. */
  readonly maxLarge?: number;
}

/** The source databases of a deployment; each is connected to when it is first asked for. */
export interface SourceDatabases extends AsyncDisposable {
  readonly names: readonly string[];
  /**
   * Large tables worked on at the same time, of all sources together: each takes memory for a part of its own. To be asked
   * before the source's slots, so that small tables go on beside those that wait.
   */
  readonly large: LimitFunction;
  /** @throws AppError NOT_FOUND for a name that is not configured; as `openSource` */
  open(name: string): Promise<Source>;
}

export function sourceDatabases({ names, urlOf, max, maxLarge = 1 }: SourceDatabasesOptions): SourceDatabases {
  const opened = new Map<string, Promise<Source>>();
  return {
    names,
    large: pLimit(maxLarge),
    async open(name) {
      const known = opened.get(name);
      if (known !== undefined) return known;
      const opening = openSource({ name, url: urlOf(name), max: typeof max === 'number' ? max : max(name) });
      opened.set(name, opening);
      // One that was out of reach is tried again when it is next asked for.
      opening.catch(() => opened.delete(name));
      return opening;
    },
    async [Symbol.asyncDispose]() {
      const all = await Promise.allSettled(opened.values());
      opened.clear();
      for (const source of all) if (source.status === 'fulfilled') await source.value[Symbol.asyncDispose]();
    },
  };
}
