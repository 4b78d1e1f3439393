import { AppError } from '../../../errors.ts';

export function zipInvalid(name: string, text: string, cause?: unknown): AppError {
  return new AppError('ZIP_INVALID', `${name}: ${text}`, { cause });
}

/** Whatever was thrown while an archive's headers were read: the source's own errors pass, all others are the archive's. */
export function asZipError(name: string, error: unknown): AppError {
  if (error instanceof AppError) return error;
  return zipInvalid(name, error instanceof Error ? error.message : String(error), error);
}
