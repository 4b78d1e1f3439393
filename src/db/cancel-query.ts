import pg from 'pg';

/** How long the server is given to take a request to cancel; it is one packet and no answer. */
const cancelTimeoutMillis = 5_000;

/** What the driver knows of a session and does not put into its types. */
interface Session {
  readonly host: string;
  readonly port: number;
  readonly ssl: boolean | object;
  /** `direct`: TLS from the first byte on, without asking for it. */
  readonly connection: { readonly sslNegotiation?: string };
  readonly processID: number | null;
  readonly secretKey: number | null;
}

interface CancelConnection extends pg.Connection {
  connect(port: number, host: string): void;
  connect(path: string): void;
  requestSsl(): void;
  cancel(processId: number, secretKey: number): void;
}

/**
 * Asks the server to end what a session is at (PostgreSQL manual, 54.2.8 "Canceling Requests in Progress"): over a connection
 * of its own, encrypted as the session's. The answer comes, if at all, as that statement's error.
 */
export async function cancelQuery(client: pg.PoolClient): Promise<void> {
  const session = client as unknown as Session;
  const { processID, secretKey } = session;
  if (processID === null || secretKey === null) return;
  const { sslNegotiation } = session.connection;
  const connection = new pg.Connection({ ssl: session.ssl, sslNegotiation } as pg.ConnectionConfig) as CancelConnection;
  await new Promise<void>((resolve) => {
    const timer = setTimeout(() => connection.stream.destroy(), cancelTimeoutMillis);
    // Whether it was heard shows in the session itself: an error here says nothing more.
    connection.on('error', () => undefined);
    connection.once('end', () => {
      clearTimeout(timer);
      resolve();
    });
    const send = () => connection.cancel(processID, secretKey);
    connection.once('connect', () => {
      if (!session.ssl) send();
      else if (sslNegotiation !== 'direct') connection.requestSsl();
    });
    connection.once('sslconnect', send);
    if (session.host.startsWith('/')) connection.connect(`${session.host}/.s.PGSQL.${session.port}`);
    else connection.connect(session.port, session.host);
  });
}
