import { cacheCompiled } from './compile-cache.ts';

// Before anything else is loaded.
cacheCompiled();
await import('./start.ts');
