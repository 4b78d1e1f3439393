/** How long a purge waits for a row that somebody else holds, before it lets them pass and tries again later. */
const lockTimeoutSeconds = 30;
/** One range is some ten thousand rows; a delete of it that takes longer is stuck. */
const statementTimeoutSeconds = 600;

/** For one transaction of a purge. */
export const purgeSettings = `set local lock_timeout = '${lockTimeoutSeconds}s'; set local statement_timeout = '${statementTimeoutSeconds}s'`;
