const units = ['B', 'kB', 'MB', 'GB', 'TB', 'PB'] as const;
const grouped = new Intl.NumberFormat('en-US');

/** `1,234,567`. */
export function count(value: number | null): string {
  return value === null ? '' : grouped.format(value);
}

/** `61.2 MB`, in powers of 1,000 as S3's bill counts. */
export function bytes(value: number | null): string {
  if (value === null) return '';
  let amount = value;
  let unit = 0;
  while (amount >= 999.5 && unit < units.length - 1) {
    amount /= 1_000;
    unit += 1;
  }
  return `${unit === 0 ? amount : amount.toPrecision(3)} ${units[unit]}`;
}

/** `2026-05-01T23:48:02.356Z` as `2026-05-01 23:48:02`; all times are UTC, and titles say so. */
export function time(instant: string | null): string {
  return instant === null ? '' : instant.slice(0, 19).replace('T', ' ');
}

/** `2026-05` of a billing period's first day. */
export function month(periodStart: string): string {
  return periodStart.slice(0, 7);
}

/** `1h 02m`, `3m 20s`, `45s`. */
export function duration(seconds: number): string {
  const whole = Math.round(seconds);
  const pad = (value: number) => String(value).padStart(2, '0');
  if (whole >= 3_600) return `${Math.floor(whole / 3_600)}h ${pad(Math.floor((whole % 3_600) / 60))}m`;
  if (whole >= 60) return `${Math.floor(whole / 60)}m ${pad(whole % 60)}s`;
  return `${whole}s`;
}
