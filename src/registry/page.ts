/** Rows of a list at most at once; whoever wants more asks for the next page. */
export const maxPageSize = 1_000;

export interface Page {
  /** 1 to `maxPageSize`. */
  readonly limit: number;
  /** The id of the last row of the page before; absent for the first page. */
  readonly cursor?: number | undefined;
}

/** For an id that is compared with `<` or `>`: what no id is beyond. */
export const beyondEveryId = Number.MAX_SAFE_INTEGER;
