import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { chownSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { TLSSocket } from 'node:tls';
import pg from 'pg';
import { openSource } from '../../src/archive/source/open-source.ts';
import { readConfig } from '../../src/config.ts';
import { cancelQuery } from '../../src/db/cancel-query.ts';
import { createPool, withConnection } from '../../src/db/pool.ts';
import { openResources } from '../../src/resources.ts';
import { type EmbeddedPostgres, openEmbeddedPostgres } from '../../src/sandbox/postgres/cluster.ts';
import { inDatabase } from '../support/archive-databases.ts';
import { type Certificate, makeAuthority } from '../support/certificate.ts';

const ours = makeAuthority('our authority');
const localhost = [{ dns: 'localhost' }, { ip: '127.0.0.1' }];

describe('a database behind TLS', () => {
  const folder = mkdtempSync(join(tmpdir(), 'billvault-tls-'));
  const authorityFile = join(folder, 'authority.pem');
  let cluster: EmbeddedPostgres;
  let plainUrl: string;
  let password: string;

  before(async () => {
    cluster = await openEmbeddedPostgres({ folder: join(folder, 'cluster'), durable: false });
    plainUrl = await cluster.database('shop');
    ({ password } = new URL(plainUrl));
    writeFileSync(authorityFile, ours.certificate);
  });
  after(async () => {
    await cluster.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  /** The server shows this certificate from now on. */
  async function show({ certificate, privateKey }: Certificate): Promise<void> {
    await inDatabase(plainUrl, async (query) => {
      const [found] = await query('show data_directory');
      const { data_directory: data } = found as { readonly data_directory: string };
      const { uid, gid } = statSync(data);
      for (const [name, content] of [
        ['server.crt', certificate],
        ['server.key', privateKey],
      ] as const) {
        const path = join(data, name);
        writeFileSync(path, content, { mode: 0o600 });
        chownSync(path, uid, gid);
      }
      await query('alter system set ssl = on');
      await query('select pg_reload_conf()');
    });
    const { fingerprint256 } = new X509Certificate(certificate);
    // The server takes it up after its answer.
    while ((await shown()) !== fingerprint256) await sleep(10);
  }

  async function shown(): Promise<string | undefined> {
    const client = new pg.Client({ connectionString: plainUrl, ssl: { rejectUnauthorized: false } });
    try {
      await client.connect();
      const { connection } = client as unknown as { readonly connection: { readonly stream: TLSSocket } };
      return connection.stream.getPeerCertificate().fingerprint256;
    } catch {
      return undefined;
    } finally {
      await client.end().catch(() => undefined);
    }
  }

  function urlWith(parameters: Readonly<Record<string, string>>, hostname = '127.0.0.1'): string {
    const url = Object.assign(new URL(plainUrl), { hostname });
    for (const [name, value] of Object.entries(parameters)) url.searchParams.set(name, value);
    return url.href;
  }

  /** @returns whether the session is encrypted */
  async function connect(url: string): Promise<boolean> {
    await using source = await openSource({ name: 'shop', url, max: 2 });
    const { rows } = await source.pool.query<{ ssl: boolean }>(
      'select ssl from pg_stat_ssl where pid = pg_backend_pid()',
    );
    return rows[0]?.ssl === true;
  }

  async function refused(url: string, message: RegExp): Promise<void> {
    await assert.rejects(connect(url), (error: Error & { code?: string }) => {
      assert.equal(error.code, 'BAD_CONFIG');
      assert.match(error.message, /^source database shop: /);
      assert.match(error.message, message);
      assert.ok(!`${JSON.stringify(error)} ${error.stack}`.includes(password));
      return true;
    });
  }

  test('that has none yet is refused where the URL asks for TLS', async () => {
    assert.equal(await connect(plainUrl), false);
    await refused(urlWith({ sslmode: 'require' }), /takes no TLS connections.*sslmode=disable/);
  });

  test('is reached encrypted when its certificate is of the authority named, by its name and by its address', async () => {
    await show(ours.issue(localhost));
    for (const hostname of ['127.0.0.1', 'localhost']) {
      for (const sslmode of ['require', 'verify-ca', 'verify-full']) {
        assert.equal(await connect(urlWith({ sslmode, sslrootcert: authorityFile }, hostname)), true);
      }
    }
    assert.equal(await connect(urlWith({ sslrootcert: authorityFile })), true);
    assert.equal(await connect(urlWith({ sslmode: 'disable' })), false);
  });

  test('with a certificate that nobody vouches for, that is over, or for another name is refused, with what to do', async () => {
    await show(ours.issue(localhost));
    await refused(urlWith({ sslmode: 'require' }), /not trusted.*sslrootcert=FILE/);
    await refused(urlWith({ sslmode: 'verify-full', sslrootcert: 'system' }), /not trusted/);
    await show(makeAuthority('our authority').issue(localhost));
    await refused(urlWith({ sslmode: 'verify-full', sslrootcert: authorityFile }), /not trusted/);
    await show(ours.issue(localhost, { from: new Date('2020-01-01'), to: new Date('2020-02-01') }));
    await refused(
      urlWith({ sslmode: 'verify-full', sslrootcert: authorityFile }),
      /not trusted \(certificate has expired/,
    );
    await show(ours.issue([{ dns: 'db.example' }]));
    await refused(
      urlWith({ sslmode: 'require', sslrootcert: authorityFile }, 'localhost'),
      /another name.*db\.example/,
    );
    assert.equal(await connect(urlWith({ sslmode: 'no-verify' })), true);
  });

  test('is not tried with a mode or a file that does not exist', async () => {
    await refused(urlWith({ sslmode: 'strict' }), /sslmode=strict/);
    await refused(urlWith({ sslmode: 'require', sslrootcert: '/no/such.pem' }), /sslrootcert=\/no\/such\.pem.*ENOENT/);
  });

  test('takes the request to cancel a statement, encrypted as well', async () => {
    await show(ours.issue(localhost));
    const url = urlWith({ sslmode: 'require', sslrootcert: authorityFile });
    const pool = createPool({ url, max: 1, applicationName: 'test' });
    await withConnection(pool, async (client) => {
      const asleep = assert.rejects(client.query('select pg_sleep(60)'), { code: '57014' });
      await cancelQuery(client);
      await asleep;
    });
    await pool.end();
  });

  test('can be registry and raw database, and a certificate that is not trusted names the setting', async () => {
    await show(ours.issue(localhost));
    const configured = (url: string) =>
      readConfig({ BILLVAULT_DATABASE_URL: url, BILLVAULT_LOG_LEVEL: 'silent' }, folder);
    const resources = await openResources(configured(urlWith({ sslmode: 'require', sslrootcert: authorityFile })));
    await resources.close();
    await assert.rejects(
      openResources(configured(urlWith({ sslmode: 'require' }))),
      (error: Error & { code?: string }) => {
        assert.equal(error.code, 'BAD_CONFIG');
        assert.match(
          error.message,
          /database\.url \(BILLVAULT_DATABASE_URL\), billvault@127\.0\.0\.1:\d+\/shop: .*not trusted/,
        );
        assert.ok(!`${JSON.stringify(error)} ${error.stack}`.includes(password));
        return true;
      },
    );
  });
});
