/** Rows that a list shows when nothing else is said: what a person looks through. */
export const defaultLimit = 100;
export const limitRange = { minimum: 1, maximum: 100_000 } as const;
