import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import pg from 'pg';

/** What happens to a transaction that has sent a statement holding `statement`. */
export interface PostgresFault {
  readonly statement: string;
  readonly kind: /** The connection breaks before its commit reaches the server. */
    | 'cut-before-commit'
    /** The server commits; its answer never arrives. */
    | 'lose-commit-answer'
    /** The backend is terminated in the middle of the COPY's data, as an administrator or a failover does. */
    | 'terminate-mid-copy';
}

export interface PostgresProxy {
  readonly url: string;
  /** Hits one transaction. */
  inject(fault: PostgresFault): void;
  /** How many of the injected faults have hit. */
  hits(): number;
  close(): Promise<void>;
}

/** A simple query message, as the driver sends `commit`. */
const commitMessage = Buffer.from('Q\0\0\0\x0bcommit\0', 'latin1');
const beginMessage = Buffer.from('Q\0\0\0\x0abegin\0', 'latin1');
/** Statements are short; what is longer is COPY's data. */
const maxStatementBytes = 32_768;

/** Passes PostgreSQL's protocol on as it is, and breaks what it is told to. */
export async function startPostgresProxy(targetUrl: string): Promise<PostgresProxy> {
  const target = new URL(targetUrl);
  const faults: PostgresFault[] = [];
  const open = new Set<Socket>();
  let hit = 0;

  function take(kinds: readonly PostgresFault['kind'][], sent: string): PostgresFault | undefined {
    const index = faults.findIndex(({ kind, statement }) => kinds.includes(kind) && sent.includes(statement));
    if (index < 0) return undefined;
    hit += 1;
    return faults.splice(index, 1)[0];
  }

  const server = createServer((client) => {
    const upstream = connect(Number(target.port), target.hostname);
    let sent = '';
    let pid: number | undefined;
    let isAnswerLost = false;
    const destroy = () => {
      client.destroy();
      upstream.destroy();
    };
    for (const socket of [client, upstream]) {
      open.add(socket);
      socket.setNoDelay(true);
      socket.on('error', destroy);
      socket.on('close', () => {
        open.delete(socket);
        destroy();
      });
    }
    upstream.on('data', (chunk: Buffer) => {
      pid ??= backendPid(chunk);
      if (isAnswerLost) destroy();
      else client.write(chunk);
    });
    client.on('data', (chunk: Buffer) => {
      if (chunk.includes(beginMessage)) sent = '';
      if (chunk.length <= maxStatementBytes) sent += chunk.toString('latin1');
      if (chunk.includes(commitMessage)) {
        const fault = take(['cut-before-commit', 'lose-commit-answer'], sent);
        if (fault?.kind === 'cut-before-commit') return destroy();
        if (fault?.kind === 'lose-commit-answer') isAnswerLost = true;
      } else if (chunk.length > maxStatementBytes && take(['terminate-mid-copy'], sent)) {
        client.pause();
        void terminate(targetUrl, pid).then(() => {
          client.resume();
          upstream.write(chunk);
        });
        return;
      }
      upstream.write(chunk);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = new URL(targetUrl);
  url.hostname = '127.0.0.1';
  url.port = String((server.address() as AddressInfo).port);
  return {
    url: url.href,
    inject: (fault) => void faults.push(fault),
    hits: () => hit,
    async close() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      for (const socket of open) socket.destroy();
      await closed;
    },
  };
}

/** BackendKeyData comes once, at the start: `K`, length 12, process id, secret. */
function backendPid(chunk: Buffer): number | undefined {
  const at = chunk.indexOf(Buffer.from('K\0\0\0\x0c', 'latin1'));
  return at < 0 || chunk.length < at + 9 ? undefined : chunk.readInt32BE(at + 5);
}

async function terminate(url: string, pid: number | undefined): Promise<void> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 10_000 });
  await client.connect();
  await client.query('select pg_terminate_backend($1, 5000)', [pid]);
  await client.end();
}
