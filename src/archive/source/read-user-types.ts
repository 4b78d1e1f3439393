import type pg from 'pg';
import { AppError } from '../../errors.ts';
import type { DomainCheck, TypeReference, UserType } from './user-type.ts';

/** No schema has more; a catalog that goes round in circles would. */
const maxUserTypes = 1_000;

/** A type as the catalog has it, with the numbers of what it is made of. */
interface CatalogType {
  readonly id: string;
  readonly name: string;
  readonly schema: string;
  readonly kind: 'enum' | 'domain' | 'composite' | 'range' | 'array' | 'multirange' | 'base' | 'extension';
  readonly extension: string | null;
  /** Types that it is made of, in their order. */
  readonly parts: readonly string[];
  readonly collations: readonly string[];
  readonly labels: readonly string[] | null;
  readonly base: TypeReference;
  readonly notNull: boolean;
  readonly default: string | null;
  readonly checks: readonly DomainCheck[];
  readonly attributes: readonly (TypeReference & { readonly name: string })[] | null;
  readonly range: {
    readonly subtype: TypeReference;
    readonly operatorClass: string | null;
    readonly canonicalFunction: string | null;
    readonly differenceFunction: string | null;
    readonly multirange: string | null;
  } | null;
}

/** SQL of a `TypeReference`, as JSON. Its aliases begin with `x`: none of the expressions given may use such. */
export function typeReferenceSql(typeId: string, typmod: string, collationId: string): string {
  return `json_build_object(
    'type', format_type(${typeId}, ${typmod}),
    'typeName', (select case when xe.oid is null then xn.nspname || '.' || xt.typname else xen.nspname || '.' || xe.typname || '[]' end
                 from pg_type xt join pg_namespace xn on xn.oid = xt.typnamespace
                 left join pg_type xe on xe.oid = xt.typelem and xt.typlen = -1 and xt.typcategory = 'A'
                 left join pg_namespace xen on xen.oid = xe.typnamespace
                 where xt.oid = ${typeId}),
    'typmod', ${typmod},
    'collation', (select format('%I.%I', xn.nspname, xc.collname)
                  from pg_collation xc join pg_namespace xn on xn.oid = xc.collnamespace
                  where xc.oid = ${collationId}
                    and xc.oid <> (select xt.typcollation from pg_type xt where xt.oid = ${typeId})))`;
}

/** Names of the sequences and functions, other than PostgreSQL's own, that an expression depends on. */
export function needsSql(catalog: 'pg_attrdef' | 'pg_constraint', id: string): string {
  return `(select coalesce(json_agg(xneeded order by xneeded), '[]'::json) from (
    select distinct case xd.refclassid when 'pg_proc'::regclass then xd.refobjid::regprocedure::text
                                       else xd.refobjid::regclass::text end as xneeded
    from pg_depend xd
    where xd.classid = '${catalog}'::regclass and xd.objid = ${id} and xd.deptype = 'n'
      and (xd.refclassid = 'pg_proc'::regclass
           or xd.refclassid = 'pg_class'::regclass and (select xs.relkind from pg_class xs where xs.oid = xd.refobjid) = 'S')) xn)`;
}

const catalogTypes = `
  select t.oid::text as id,
    format_type(t.oid, null) as name, n.nspname as schema,
    case when t.typcategory = 'A' and t.typelem <> 0 and t.typlen = -1 then 'array'
         when e.extname is not null then 'extension'
         else (json_build_object('e', 'enum', 'd', 'domain', 'c', 'composite', 'r', 'range', 'm', 'multirange')::jsonb
               || '{"b": "base", "p": "base"}'::jsonb) ->> t.typtype::text end as kind,
    e.extname as extension,
    case when t.typcategory = 'A' and t.typelem <> 0 and t.typlen = -1 then array[t.typelem::text]
         when e.extname is not null then '{}'
         when t.typtype = 'd' then array[t.typbasetype::text]
         when t.typtype = 'c' then array(select a.atttypid::text from pg_attribute a
                                         where a.attrelid = t.typrelid and a.attnum > 0 and not a.attisdropped order by a.attnum)
         when t.typtype = 'r' then array[r.rngsubtype::text]
         when t.typtype = 'm' then array(select m.rngtypid::text from pg_range m
                                         where to_jsonb(m) ->> 'rngmultitypid' = t.oid::text)
         else '{}' end as parts,
    case when t.typtype = 'd' then array[t.typcollation::text]
         when t.typtype = 'c' then array(select a.attcollation::text from pg_attribute a
                                         where a.attrelid = t.typrelid and a.attnum > 0 and not a.attisdropped order by a.attnum)
         when t.typtype = 'r' then array[r.rngcollation::text]
         else '{}' end as collations,
    case when t.typtype = 'e' then array(select l.enumlabel::text from pg_enum l where l.enumtypid = t.oid order by l.enumsortorder) end as labels,
    ${typeReferenceSql('nullif(t.typbasetype, 0)', 't.typtypmod', 't.typcollation')} as base,
    t.typnotnull as "notNull", t.typdefault as "default",
    (select coalesce(json_agg(json_build_object('name', c.conname, 'definition', pg_get_constraintdef(c.oid),
                                                'needs', ${needsSql('pg_constraint', 'c.oid')}) order by c.conname), '[]'::json)
     from pg_constraint c where c.contypid = t.oid and c.contype = 'c') as checks,
    case when t.typtype = 'c' then
      (select coalesce(json_agg(jsonb_build_object('name', a.attname)
                                || ${typeReferenceSql('a.atttypid', 'a.atttypmod', 'a.attcollation')}::jsonb order by a.attnum), '[]'::json)
       from pg_attribute a where a.attrelid = t.typrelid and a.attnum > 0 and not a.attisdropped) end as attributes,
    case when t.typtype = 'r' then json_build_object(
      'subtype', ${typeReferenceSql('r.rngsubtype', '-1', 'r.rngcollation')},
      'operatorClass', (select format('%I.%I', n.nspname, o.opcname) from pg_opclass o join pg_namespace n on n.oid = o.opcnamespace
                        where o.oid = r.rngsubopc and not o.opcdefault),
      'canonicalFunction', nullif(r.rngcanonical::text, '-'),
      'differenceFunction', nullif(r.rngsubdiff::text, '-'),
      'multirange', format_type((to_jsonb(r) ->> 'rngmultitypid')::oid, null)) end as range
  from pg_type t
  join pg_namespace n on n.oid = t.typnamespace
  left join pg_range r on r.rngtypid = t.oid
  left join pg_depend d on d.classid = 'pg_type'::regclass and d.objid = t.oid and d.deptype = 'e'
  left join pg_extension e on e.oid = d.refobjid
  where t.oid = any($1::text[]::oid[]) and n.nspname not in ('pg_catalog', 'information_schema')`;

const catalogCollations = `
  select c.oid::text as id, format('%I.%I', n.nspname, c.collname) as name, n.nspname as schema, 'collation' as kind,
    case c.collprovider when 'i' then 'icu' when 'b' then 'builtin' else 'libc' end as provider,
    coalesce(to_jsonb(c) ->> 'colllocale', to_jsonb(c) ->> 'colliculocale', to_jsonb(c) ->> 'collcollate') as locale,
    case when c.collprovider = 'c' then c.collctype::text end as ctype,
    c.collisdeterministic as "isDeterministic",
    to_jsonb(c) ->> 'collicurules' as rules
  from pg_collation c join pg_namespace n on n.oid = c.collnamespace
  where c.oid = any($1::text[]::oid[]) and n.nspname <> 'pg_catalog'`;

/**
 * The types and collations behind some columns that are not PostgreSQL's own, through arrays, domains, composites and
 * ranges: collations first, then every type after those that it is made of, in the order in which the columns need them.
 */
export async function readUserTypes(
  client: pg.ClientBase,
  used: { readonly types: readonly string[]; readonly collations: readonly string[] },
): Promise<readonly UserType[]> {
  const found = await readReachable(client, used.types);
  const ordered = inOrderOfNeed(used.types, found);
  const collations = [...used.collations, ...ordered.flatMap((type) => type.collations)];
  return [...(await readCollations(client, collations)), ...ordered.flatMap((type) => toUserType(type) ?? [])];
}

async function readReachable(client: pg.ClientBase, roots: readonly string[]): Promise<Map<string, CatalogType>> {
  const found = new Map<string, CatalogType>();
  const asked = new Set(roots);
  for (let next = [...asked]; next.length > 0; ) {
    if (asked.size > maxUserTypes)
      throw new AppError('BAD_INPUT', `a table is made of more than ${maxUserTypes} types`);
    const { rows } = await client.query<CatalogType>(catalogTypes, [next]);
    for (const type of rows) found.set(type.id, type);
    next = [...new Set(rows.flatMap((type) => type.parts))].filter((id) => !asked.has(id));
    for (const id of next) asked.add(id);
  }
  return found;
}

function inOrderOfNeed(roots: readonly string[], found: ReadonlyMap<string, CatalogType>): readonly CatalogType[] {
  const ordered = new Map<string, CatalogType>();
  const seen = new Set<string>();
  const visit = (id: string): void => {
    const type = found.get(id);
    if (type === undefined || seen.has(id)) return;
    seen.add(id);
    type.parts.forEach(visit);
    ordered.set(id, type);
  };
  roots.forEach(visit);
  return [...ordered.values()];
}

async function readCollations(client: pg.ClientBase, ids: readonly string[]): Promise<readonly UserType[]> {
  const { rows } = await client.query<UserType & { readonly id: string }>(catalogCollations, [[...new Set(ids)]]);
  return rows.map(({ id: _, ...collation }) => collation as UserType).sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** Arrays and multiranges come with their element's and their range's type. */
function toUserType(type: CatalogType): UserType | undefined {
  const { name, schema } = type;
  switch (type.kind) {
    case 'enum':
      return { kind: 'enum', name, schema, labels: type.labels ?? [] };
    case 'domain':
      return {
        kind: 'domain',
        name,
        schema,
        base: type.base,
        notNull: type.notNull,
        default: type.default,
        checks: type.checks,
      };
    case 'composite':
      return { kind: 'composite', name, schema, attributes: type.attributes ?? [] };
    case 'range':
      return type.range === null ? undefined : { kind: 'range', name, schema, ...type.range };
    case 'extension':
      return { kind: 'extension', name, schema, extension: type.extension ?? '' };
    case 'base':
      return { kind: 'base', name, schema };
    case 'array':
    case 'multirange':
      return undefined;
  }
}
