import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const packageFile = join(import.meta.dirname, '..', 'package.json');

/** This program's version, `0.1.0`. */
export const version = (JSON.parse(readFileSync(packageFile, 'utf8')) as { readonly version: string }).version;
