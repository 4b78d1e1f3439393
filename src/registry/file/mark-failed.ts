import type { ErrorCode } from '../../errors.ts';
import type { Registry } from '../registry.ts';
import type { Lease } from './renew-lease.ts';

const maxErrorTextLength = 4_000;

export interface Failure {
  readonly code: ErrorCode;
  readonly text: string;
}

/**
 * NEW → FAILED by the worker that holds the lease.
 * @returns false when the lease was lost: the file is somebody else's to judge
 */
export async function markFailed(registry: Registry, lease: Lease, failure: Failure): Promise<boolean> {
  const changed = await registry.$executeRaw`
    update registry.file
       set status = 'FAILED', error_code = ${failure.code}, error_text = ${storableText(failure.text)},
           lease_owner = null, lease_until = null, not_before = null
     where id = ${lease.fileId} and lease_owner = ${lease.owner} and status = 'NEW'`;
  return changed === 1;
}

/**
 * NEW → FAILED for files whose every attempt ended without a word: whoever held them died. One that kills its worker
 * each time must not be handed out for ever.
 * @returns how many
 */
export async function failExhausted(registry: Registry, maxAttempts: number): Promise<number> {
  return registry.$executeRaw`
    update registry.file
       set status = 'FAILED', lease_owner = null, lease_until = null, not_before = null,
           error_code = coalesce(error_code, 'DECODER_CRASHED'),
           error_text = coalesce(error_text, 'the worker died at every attempt on this file (' || attempts || '): look at its log and memory, then reprocess')
     where status = 'NEW' and attempts >= ${maxAttempts} and (lease_until is null or lease_until < now())`;
}

/** PostgreSQL's text holds no NUL, and no error text is worth more than a page. */
export function storableText(text: string): string {
  return text.replaceAll('\0', '␀').slice(0, maxErrorTextLength);
}
