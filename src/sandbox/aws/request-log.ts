import { maxLoggedRequests } from './limits.ts';

/** One answered request. `principal` is the caller's ARN; empty fields where the request never got that far. */
export interface LoggedRequest {
  readonly operation: string;
  readonly bucket: string;
  readonly key: string;
  readonly status: number;
  readonly principal: string;
}

export interface RequestLogView {
  /** Oldest first; the last 50,000 only. */
  readonly requests: readonly LoggedRequest[];
  /** All requests since the last reset, by operation. */
  readonly counts: Readonly<Record<string, number>>;
}

/** Keeps what was asked of the server, so that a test can prove what was *not* asked. */
export class RequestLog {
  #requests: LoggedRequest[] = [];
  #counts = new Map<string, number>();

  add(request: LoggedRequest): void {
    this.#counts.set(request.operation, (this.#counts.get(request.operation) ?? 0) + 1);
    this.#requests.push(request);
    // Twice the limit before cutting, so that the cut costs nothing per request.
    if (this.#requests.length >= 2 * maxLoggedRequests) this.#requests = this.#requests.slice(-maxLoggedRequests);
  }

  view(): RequestLogView {
    return { requests: this.#requests.slice(-maxLoggedRequests), counts: Object.fromEntries(this.#counts) };
  }

  reset(): void {
    this.#requests = [];
    this.#counts.clear();
  }
}
