import { toDatabaseError } from '../db/database-error.ts';
import { AppError } from '../errors.ts';
import { Prisma } from './generated/client.ts';

/** Prisma's codes for a unique constraint and for a connection that could not be had (Prisma error reference). */
const uniqueViolation = 'P2002';
const connectionCodes = new Set(['P1001', 'P1002', 'P1008', 'P1017', 'P2024']);

export function isUniqueViolation(error: unknown): boolean {
  return error instanceof Prisma.PrismaClientKnownRequestError && error.code === uniqueViolation;
}

/** Whatever a registry call threw, as an AppError; what is none of the database's is passed through. */
export function toRegistryError(error: unknown): unknown {
  if (error instanceof AppError) return error;
  if (error instanceof Prisma.PrismaClientKnownRequestError) {
    const code = connectionCodes.has(error.code) ? 'DATABASE_UNAVAILABLE' : 'DATABASE';
    return new AppError(code, `registry: ${lastLine(error.message)}`, { cause: error });
  }
  if (
    error instanceof Prisma.PrismaClientInitializationError ||
    error instanceof Prisma.PrismaClientRustPanicError ||
    error instanceof Prisma.PrismaClientUnknownRequestError
  ) {
    return new AppError('DATABASE_UNAVAILABLE', `registry: ${lastLine(error.message)}`, { cause: error });
  }
  return toDatabaseError(error);
}

function lastLine(message: string): string {
  return message.trim().split('\n').at(-1) ?? message;
}
