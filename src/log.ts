import { pino } from 'pino';

export type Logger = pino.Logger;

/** One line of JSON an event, to standard error: standard output belongs to the CLI's tables. */
export function createLogger(level: string): Logger {
  return pino(
    {
      level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      redact: {
        paths: ['*.secretAccessKey', '*.sessionToken', '*.password', '*.token', '*.externalId', '*.connectionString'],
        censor: '[redacted]',
      },
    },
    pino.destination({ dest: 2, sync: true }),
  );
}
