/** Some servers drop the fraction: rounded up, a lock is never shorter than asked for. */
export function wholeSecond(date: Date): Date {
  return new Date(Math.ceil(date.getTime() / 1_000) * 1_000);
}
