import { defineConfig } from 'prisma/config';

// `prisma generate` never calls the schema engine, yet looks for its binary and would download it; naming any
// executable keeps an installation to what the package registry gave it.
if (process.argv.includes('generate')) {
  process.env['PRISMA_SCHEMA_ENGINE_BINARY'] ??= process.execPath;
}

export default defineConfig({
  schema: 'prisma/schema.prisma',
  migrations: { path: 'prisma/migrations' },
  datasource: { url: process.env['BILLVAULT_DATABASE_URL'] ?? '' },
});
