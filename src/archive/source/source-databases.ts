import { AppError } from '../../errors.ts';
import { openSource, type Source } from './open-source.ts';

export interface SourceDatabasesOptions {
  /** Name in billvault.yaml, and the URL that the environment gave for it. */
  readonly urls: ReadonlyMap<string, string>;
  /** Connections at most, of each. */
  readonly max: number;
}

/** The source databases of a deployment; each is connected to when it is first asked for. */
export interface SourceDatabases extends AsyncDisposable {
  readonly names: readonly string[];
  /** @throws AppError NOT_FOUND for a name that is not configured; as `openSource` */
  open(name: string): Promise<Source>;
}

export function sourceDatabases({ urls, max }: SourceDatabasesOptions): SourceDatabases {
  const opened = new Map<string, Promise<Source>>();
  return {
    names: [...urls.keys()],
    async open(name) {
      const url = urls.get(name);
      if (url === undefined) throw new AppError('NOT_FOUND', `no source database is called ${name}`);
      const known = opened.get(name);
      if (known !== undefined) return known;
      const opening = openSource({ name, url, max });
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
