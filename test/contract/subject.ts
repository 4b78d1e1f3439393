import type { Capabilities } from './capabilities.ts';

/** A server that is held to the contracts. */
export interface Subject {
  readonly name: string;
  readonly endpoint: string;
  readonly region: string;
  /** May do everything in the buckets that it creates. */
  readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string };
  readonly kmsKeyId: string;
  readonly capabilities: Capabilities;
  /** Lets the server's lifecycle see another day go by, or at least waits for it a little; to be asked again. */
  passDay(): Promise<void>;
}
