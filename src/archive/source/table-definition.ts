import { hash } from 'node:crypto';
import type pg from 'pg';
import { AppError } from '../../errors.ts';
import { canonicalJson } from '../manifest/canonical-json.ts';
import { type CatalogColumn, type CatalogTable, catalogColumns, catalogTable } from './catalog-queries.ts';
import { readUserTypes } from './read-user-types.ts';
import type { TypeReference, UserType } from './user-type.ts';

export interface TableName {
  readonly schema: string;
  readonly table: string;
}

/**
 * A table as its catalog describes it, without anything that another server would number differently: after a dump and a
 * restore elsewhere it is the same. Names in types and expressions are qualified unless they are PostgreSQL's own.
 */
export interface TableDefinition {
  readonly schema: string;
  readonly table: string;
  readonly kind: 'table' | 'partitioned';
  readonly isUnlogged: boolean;
  readonly comment: string | null;
  /** In the order of the table: that of the fields of a line. */
  readonly columns: readonly ColumnDefinition[];
  /** In the order of the key; empty: the table has none. */
  readonly primaryKey: readonly string[];
  /** Column sets of which the database keeps every combination single and none null; the primary key's is among them. */
  readonly uniqueKeys: readonly (readonly string[])[];
  readonly constraints: readonly ConstraintDefinition[];
  /** Those that no constraint made. */
  readonly indexes: readonly IndexDefinition[];
  readonly partitioning: Partitioning | null;
  /** Every type and collation that is not PostgreSQL's own, each after those that it is made of. */
  readonly userTypes: readonly UserType[];
  /** `16.4`. */
  readonly serverVersion: string;
  /** Of the server; lines are UTF-8 always. */
  readonly encoding: string;
}

export interface ColumnDefinition extends TypeReference {
  readonly name: string;
  /** From 1, without the gaps that dropped columns leave. */
  readonly position: number;
  readonly notNull: boolean;
  /** SQL; of a generated column its expression. */
  readonly default: string | null;
  /** Sequences and functions that the default calls and that PostgreSQL does not bring along. */
  readonly defaultNeeds: readonly string[];
  readonly generated: 'stored' | 'virtual' | null;
  readonly identity: IdentityDefinition | null;
  readonly comment: string | null;
}

export interface IdentityDefinition {
  readonly generation: 'always' | 'by default';
  readonly start: string;
  readonly increment: string;
  readonly minimum: string;
  readonly maximum: string;
  readonly cache: string;
  readonly cycles: boolean;
}

export interface ConstraintDefinition {
  readonly name: string;
  readonly kind: 'primary' | 'unique' | 'check' | 'foreign' | 'exclusion';
  /** `CHECK ((amount > 0))`. */
  readonly definition: string;
  readonly needs: readonly string[];
  /** False: rows that were there before it may break it. */
  readonly isValidated: boolean;
}

export interface IndexDefinition {
  readonly name: string;
  readonly definition: string;
}

export interface Partitioning {
  /** `RANGE (created_at)`. */
  readonly key: string;
  readonly partitions: readonly PartitionDefinition[];
}

/** One partition, of any level. */
export interface PartitionDefinition {
  readonly schema: string;
  readonly table: string;
  /** `public.ledger`: the partitioned table that it is directly a partition of. */
  readonly parent: string;
  /** `FOR VALUES FROM ('2024-01-01') TO ('2024-02-01')`. */
  readonly bound: string;
  /** Where it is partitioned itself. */
  readonly key: string | null;
}

/**
 * Reads a table's definition in the caller's session, which has the pinned settings.
 * @throws AppError NOT_FOUND; BAD_INPUT for what is no table whose rows are its own; BAD_CONFIG when we may not see all rows
 */
export async function readDefinition(client: pg.ClientBase, name: TableName): Promise<TableDefinition> {
  const table = await findTable(client, name);
  requireArchivable(table, `${name.schema}.${name.table}`);
  const { rows: columns } = await client.query<CatalogColumn>(catalogColumns, [table.id]);
  if (columns.length === 0) throw new AppError('BAD_INPUT', `${name.schema}.${name.table} has no columns`);
  const userTypes = await readUserTypes(client, {
    types: columns.map((column) => column.typeId),
    collations: columns.map((column) => column.collationId),
  });
  return {
    schema: name.schema,
    table: name.table,
    kind: table.relationKind === 'p' ? 'partitioned' : 'table',
    isUnlogged: table.isUnlogged,
    comment: table.comment,
    columns: columns.map(({ reference, typeId: _, collationId: __, ...column }) => ({ ...column, ...reference })),
    primaryKey: table.primaryKey,
    uniqueKeys: table.uniqueKeys,
    constraints: table.constraints,
    indexes: table.indexes,
    partitioning: table.partitioning,
    userTypes,
    serverVersion: table.serverVersion.split(' ')[0] ?? table.serverVersion,
    encoding: table.encoding,
  };
}

async function findTable(client: pg.ClientBase, { schema, table }: TableName): Promise<CatalogTable> {
  const { rows: found } = await client.query<{ id: string }>(
    `select c.oid::text as id from pg_class c join pg_namespace n on n.oid = c.relnamespace
     where n.nspname = $1 and c.relname = $2`,
    [schema, table],
  );
  const { rows } = await client.query<CatalogTable>(catalogTable, [found[0]?.id ?? null]);
  const [first] = rows;
  if (first === undefined) throw new AppError('NOT_FOUND', `there is no table ${schema}.${table}`);
  return first;
}

function requireArchivable(table: CatalogTable, name: string): void {
  const refuse = (why: string): never => {
    throw new AppError('BAD_INPUT', `${name} cannot be archived: ${why}`);
  };
  if (table.relationKind !== 'r' && table.relationKind !== 'p')
    refuse('it is no table (a view, a foreign table, a sequence …)');
  if (table.isTemporary) refuse('it is a temporary table');
  if (table.foreignPartition !== null) refuse(`its partition ${table.foreignPartition} lies on another server`);
  // Its rows are deleted through the parent, which does not show those columns.
  if (table.widerChild !== null) refuse(`${table.widerChild} inherits from it and has columns of its own`);
  if (!table.isReadable)
    throw new AppError('BAD_CONFIG', `the role of the source database may not select from ${name}`);
  if (table.hidesRows) {
    throw new AppError(
      'BAD_CONFIG',
      `row-level security hides rows of ${name} from the source database's role: give it BYPASSRLS, or the table's owner`,
    );
  }
}

/**
 * The definition's part that says what a line is: the table's name, its columns and key, and what its types are made of. What
 * may change without changing a row's text is not in it: indexes, defaults, checks, collations, comments, partitions, the
 * server's version.
 */
export function rowShape(definition: TableDefinition): object {
  return {
    schema: definition.schema,
    table: definition.table,
    columns: definition.columns.map(({ name, position, type, typmod, notNull, generated, identity }) => ({
      name,
      position,
      type,
      typmod,
      notNull,
      generated,
      identity: identity?.generation ?? null,
    })),
    primaryKey: definition.primaryKey,
    userTypes: definition.userTypes.flatMap((type) => typeShape(type) ?? []),
    encoding: definition.encoding,
  };
}

function typeShape(type: UserType): object | undefined {
  const { kind, name } = type;
  switch (type.kind) {
    case 'enum':
      return { kind, name, labels: type.labels };
    case 'domain':
      return { kind, name, base: type.base.type, notNull: type.notNull };
    case 'composite':
      return { kind, name, attributes: type.attributes.map((attribute) => [attribute.name, attribute.type]) };
    case 'range':
      return { kind, name, subtype: type.subtype.type };
    case 'extension':
      return { kind, name, extension: type.extension };
    case 'base':
      return { kind, name };
    case 'collation':
      return undefined;
  }
}

/** SHA-256, as lower-case hex, of the canonical JSON of `rowShape`: equal where the table is the same, whatever the server. */
export function definitionSha256(definition: TableDefinition): string {
  return hash('sha256', canonicalJson(rowShape(definition)), 'hex');
}
