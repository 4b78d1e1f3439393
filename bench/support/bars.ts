/** A figure that must not exceed its limit. */
export interface Bar {
  readonly name: string;
  readonly figure: number;
  readonly limit: number;
  readonly unit: string;
  /** How the figure came about: medians, sizes. */
  readonly detail: string;
}

export function say(text: string): void {
  process.stdout.write(`${text}\n`);
}

export function printBars(bars: readonly Bar[]): void {
  for (const { name, figure, limit, unit } of bars) {
    say(`bar ${name} ${figure.toFixed(2)}${unit} ${limit}${unit} ${figure <= limit ? 'ok' : 'short'}`);
  }
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length / 2;
  const high = sorted[Math.floor(middle)] ?? Number.NaN;
  return sorted.length % 2 === 1 ? high : ((sorted[middle - 1] ?? Number.NaN) + high) / 2;
}
