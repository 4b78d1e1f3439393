/** A conditional write on its way: `disturbed` when the key was deleted after it began. */
export interface WriteTicket {
  disturbed: boolean;
}

/**
 * Conditional writes that are under way, by key. A delete that overtakes one makes it fail with 409
 * ConditionalRequestConflict instead of deciding on a state that is gone ("Conditional writes", S3 user guide).
 */
export class WriteRaces {
  readonly #underWay = new Map<string, Set<WriteTicket>>();

  begin(key: string): WriteTicket {
    const ticket: WriteTicket = { disturbed: false };
    const others = this.#underWay.get(key) ?? new Set();
    this.#underWay.set(key, others.add(ticket));
    return ticket;
  }

  end(key: string, ticket: WriteTicket): void {
    const tickets = this.#underWay.get(key);
    tickets?.delete(ticket);
    if (tickets?.size === 0) this.#underWay.delete(key);
  }

  noteDelete(key: string): void {
    for (const ticket of this.#underWay.get(key) ?? []) ticket.disturbed = true;
  }
}
