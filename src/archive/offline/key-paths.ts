/**
 * Where a folder's files lie in the bucket. A download may have left out the first segments of the keys (`aws s3 sync
 * s3://bucket/prefix .`): which, is found by the keys that the manifests name. Paths are only ever looked up among the
 * files that are there, so a key cannot lead anywhere else.
 */
export class KeyPaths {
  /** What every key begins with and no path does; empty or ending in a slash. */
  readonly prefix: string;

  constructor(prefix: string) {
    this.prefix = prefix;
  }

  keyOf(path: string): string {
    return this.prefix + path;
  }

  /** undefined: such a key can be nowhere in this folder. */
  pathOf(key: string): string | undefined {
    return key.startsWith(this.prefix) ? key.slice(this.prefix.length) : undefined;
  }
}

/** Keys looked at: one that is there would do, the rest is for folders with gaps. */
const maxKeysTried = 10_000;

/** @returns the prefix with which most of the keys are found; the shortest of equals */
export function findKeyPaths(keys: Iterable<string>, files: ReadonlySet<string>): KeyPaths {
  const found = new Map<string, number>([['', 0]]);
  let tried = 0;
  for (const key of keys) {
    if (++tried > maxKeysTried) break;
    for (const prefix of prefixesOf(key)) {
      if (files.has(key.slice(prefix.length))) found.set(prefix, (found.get(prefix) ?? 0) + 1);
    }
  }
  const [best] = [...found].sort(([a, countOfA], [b, countOfB]) => countOfB - countOfA || a.length - b.length);
  return new KeyPaths(best?.[0] ?? '');
}

/** `a/b/c` has '', 'a/' and 'a/b/'. */
function* prefixesOf(key: string): Generator<string, void> {
  for (let end = 0; ; ) {
    yield key.slice(0, end);
    end = key.indexOf('/', end) + 1;
    if (end === 0) return;
  }
}
