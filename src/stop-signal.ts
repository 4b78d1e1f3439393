import { AppError } from './errors.ts';

/**
 * Beyond this a shutdown is stuck (a database that does not answer): what is not done is taken up at the next start, so
 * it loses nothing to end. Below the 30 seconds after which most supervisors kill.
 */
const shutdownSeconds = 25;

/** Aborted by the first SIGTERM or SIGINT; the second one ends the process at once. */
export function stopSignal(): AbortSignal {
  const stop = new AbortController();
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.on(signal, () => {
      if (stop.signal.aborted) process.exit(1);
      stop.abort(new AppError('CANCELLED', `stopped by ${signal}: what was begun is gone on with the next time`));
      setTimeout(() => {
        process.stderr.write(`error CANCELLED: not stopped within ${shutdownSeconds} seconds, ending now\n`);
        process.exit(1);
      }, shutdownSeconds * 1_000).unref();
    });
  }
  return stop.signal;
}
