/** Instants leave the registry as ISO 8601 in UTC, days as `2024-03-01`: the same in JSON, in tables and in logs. */
export function instant(at: Date): string {
  return at.toISOString();
}

export function instantOrNull(at: Date | null): string | null {
  return at === null ? null : at.toISOString();
}

export function day(date: Date): string {
  return date.toISOString().slice(0, 10);
}
