/**
 * Tables that are never archived: what opens a door today has no business in a bucket that nobody can delete from for
 * ten years. A name alone is one of any schema. Names end in these words, so that `token_usage` is a ledger still.
 */
export const defaultDenyPatterns: readonly string[] = [
  ...['secret', 'token', 'password', 'passwd', 'credential', 'session', 'api_key', 'apikey', 'private_key'],
  ...['signing_key', 'encryption_key', 'access_key', 'otp', 'totp', 'recovery_code'],
].flatMap((word) => [word, `${word}s`, `*_${word}`, `*_${word}s`]);
