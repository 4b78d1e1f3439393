import { quoteIdentifier, quoteLiteral } from '../../db/identifier.ts';
import type { CollationDefinition, DomainType, RangeType, TypeReference, UserType } from './user-type.ts';

/** SQL, and what it could not say. */
export interface Ddl {
  readonly statements: readonly string[];
  /** For the operator: what is not as it was, and what has to be there beforehand. */
  readonly notes: readonly string[];
}

/** Makes a type or a collation where it is not there; one that is, is left as it is. */
export function typeDdl(type: UserType): Ddl {
  switch (type.kind) {
    case 'enum':
      return {
        statements: [ifAbsent(`create type ${type.name} as enum (${type.labels.map(quoteLiteral).join(', ')})`)],
        notes: [],
      };
    case 'domain':
      return domainDdl(type);
    case 'composite': {
      const attributes = type.attributes.map((attribute) => `${quoteIdentifier(attribute.name)} ${typeSql(attribute)}`);
      return { statements: [ifAbsent(`create type ${type.name} as (${attributes.join(', ')})`)], notes: [] };
    }
    case 'range':
      return rangeDdl(type);
    case 'collation':
      return { statements: [collationDdl(type)], notes: [] };
    case 'extension': {
      const statement = `create extension if not exists ${quoteIdentifier(type.extension)} with schema ${quoteIdentifier(type.schema)}`;
      return { statements: [statement], notes: [`the extension ${type.extension} has to be installed on the server`] };
    }
    case 'base':
      return { statements: [], notes: [`the type ${type.name} has to be there: it is made of functions of its own`] };
  }
}

/** A type with its collation, where that is not the type's own. */
export function typeSql({ type, collation }: TypeReference): string {
  return collation === null ? type : `${type} collate ${collation}`;
}

/** Why an expression cannot be taken along, if so. */
export function needsText(needs: readonly string[]): string {
  return `it needs ${needs.join(', ')}`;
}

function domainDdl(type: DomainType): Ddl {
  const isKept = ({ needs, definition }: DomainType['checks'][number]) =>
    needs.length === 0 && !definition.endsWith('NOT VALID');
  const parts = [
    `create domain ${type.name} as ${typeSql(type.base)}`,
    ...(type.default === null ? [] : [`default ${type.default}`]),
    ...type.checks.filter(isKept).map((check) => `constraint ${quoteIdentifier(check.name)} ${check.definition}`),
    ...(type.notNull ? ['not null'] : []),
  ];
  const notes = type.checks
    .filter((check) => !isKept(check))
    .map(
      ({ name, needs }) =>
        `check ${name} of the domain ${type.name} is left out: ${needs.length > 0 ? needsText(needs) : 'older rows may break it'}`,
    );
  return { statements: [ifAbsent(parts.join(' '))], notes };
}

function rangeDdl(type: RangeType): Ddl {
  const functions = [
    ['subtype_diff', type.differenceFunction],
    ['canonical', type.canonicalFunction],
  ] as const;
  // A name without a schema is PostgreSQL's own.
  const isForeign = (name: string | null): name is string => name?.includes('.') ?? false;
  const options = [
    `subtype = ${type.subtype.type}`,
    ...(type.subtype.collation === null ? [] : [`collation = ${type.subtype.collation}`]),
    ...(type.operatorClass === null ? [] : [`subtype_opclass = ${type.operatorClass}`]),
    ...functions.flatMap(([option, name]) => (name === null || isForeign(name) ? [] : [`${option} = ${name}`])),
    ...(type.multirange === null ? [] : [`multirange_type_name = ${type.multirange}`]),
  ];
  const notes = functions.flatMap(([option, name]) =>
    isForeign(name) ? [`the range type ${type.name} is made without its ${option} function ${name}`] : [],
  );
  return { statements: [ifAbsent(`create type ${type.name} as range (${options.join(', ')})`)], notes };
}

function collationDdl({ name, provider, locale, ctype, isDeterministic, rules }: CollationDefinition): string {
  const place =
    provider === 'libc'
      ? [`lc_collate = ${quoteLiteral(locale)}`, `lc_ctype = ${quoteLiteral(ctype ?? locale)}`]
      : [`locale = ${quoteLiteral(locale)}`];
  const options = [
    `provider = ${provider}`,
    ...place,
    ...(isDeterministic ? [] : ['deterministic = false']),
    ...(rules === null ? [] : [`rules = ${quoteLiteral(rules)}`]),
  ];
  return `create collation if not exists ${name} (${options.join(', ')})`;
}

/** PostgreSQL has no `create type if not exists`. */
function ifAbsent(statement: string): string {
  const body = `begin ${statement}; exception when duplicate_object or duplicate_table then null; end`;
  let tag = '$ddl$';
  while (body.includes(tag)) tag = `$${tag.slice(1, -1)}_$`;
  return `do ${tag} ${body} ${tag}`;
}
