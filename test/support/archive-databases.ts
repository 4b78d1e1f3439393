import pg from 'pg';

/** Databases that are copies of one: made in milliseconds, where statements would take a second. */
export interface CopiedDatabases extends AsyncDisposable {
  /** @returns its URL */
  copy(): Promise<string>;
}

/** @param url of a database of the cluster; `fill` makes what every copy holds */
export async function copiedDatabases(
  url: string,
  fill: (query: (sql: string) => Promise<unknown>) => Promise<void>,
): Promise<CopiedDatabases> {
  const made: string[] = [];
  const urlOf = (name: string) => Object.assign(new URL(url), { pathname: `/${name}` }).href;
  const administer = urlOf('postgres');
  const make = async (template?: string): Promise<string> => {
    const name = `copy_${crypto.randomUUID().replaceAll('-', '')}`;
    await inDatabase(administer, (query) =>
      query(`create database ${name}${template === undefined ? '' : ` template ${template}`}`),
    );
    made.push(name);
    return name;
  };
  const template = await make();
  await inDatabase(urlOf(template), fill);
  return {
    copy: async () => urlOf(await make(template)),
    async [Symbol.asyncDispose]() {
      await inDatabase(administer, async (query) => {
        for (const name of made) await query(`drop database if exists ${name} with (force)`);
      });
    },
  };
}

export async function inDatabase<T>(
  url: string,
  work: (query: (sql: string, values?: readonly unknown[]) => Promise<readonly unknown[]>) => Promise<T>,
): Promise<T> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 10_000 });
  await client.connect();
  try {
    return await work(async (sql, values = []) => (await client.query(sql, [...values])).rows);
  } finally {
    await client.end();
  }
}
