import { needsSql, typeReferenceSql } from './read-user-types.ts';
import type { ColumnDefinition, TableDefinition } from './table-definition.ts';
import type { TypeReference } from './user-type.ts';

/** A row of `catalogTable`. */
export interface CatalogTable
  extends Pick<
    TableDefinition,
    | 'isUnlogged'
    | 'comment'
    | 'primaryKey'
    | 'uniqueKeys'
    | 'constraints'
    | 'indexes'
    | 'partitioning'
    | 'serverVersion'
    | 'encoding'
  > {
  readonly id: string;
  readonly relationKind: string;
  readonly isTemporary: boolean;
  readonly hidesRows: boolean;
  readonly isReadable: boolean;
  readonly foreignPartition: string | null;
  readonly widerChild: string | null;
}

/** A row of `catalogColumns`. */
export interface CatalogColumn extends Omit<ColumnDefinition, keyof TypeReference> {
  readonly reference: TypeReference;
  readonly typeId: string;
  readonly collationId: string;
}

/** Column names of an index, in its order. */
const indexColumns = `
  (select json_agg(a.attname order by k.position)
   from unnest(i.indkey::int2[]) with ordinality as k(attnum, position)
   join pg_attribute a on a.attrelid = i.indrelid and a.attnum = k.attnum
   where k.position <= i.indnkeyatts)`;

/**
 * An index that keeps every combination of plain not-null columns single, by the equality that an order by these columns
 * sees. (Over the children of an old-style inheritance, no index keeps anything single.)
 */
const isUniqueKey = `
  i.indisunique and i.indisvalid and i.indpred is null and i.indexprs is null
  and (select amname from pg_am join pg_class ic on ic.relam = pg_am.oid where ic.oid = i.indexrelid) = 'btree'
  and not exists (
    select from generate_series(0, i.indnkeyatts - 1) as k(n)
    join pg_attribute a on a.attrelid = i.indrelid and a.attnum = i.indkey[k.n]
    where not a.attnotnull
       or exists (select from pg_constraint nn where nn.conrelid = i.indrelid and nn.contype = 'n' and not nn.convalidated
                  and nn.conkey[1] = a.attnum)
       or i.indcollation[k.n] <> a.attcollation
       or not (select o.opcdefault from pg_opclass o where o.oid = i.indclass[k.n]))`;

/** Of the table with the number $1. */
export const catalogTable = `
  with recursive descendants as (
    select h.inhrelid as id, h.inhparent as parent from pg_inherits h where h.inhparent = $1::text::oid
    union all
    select h.inhrelid, h.inhparent from pg_inherits h join descendants d on d.id = h.inhparent
  )
  select c.oid::text as id, c.relkind::text as "relationKind", c.relpersistence = 't' as "isTemporary",
    c.relpersistence = 'u' as "isUnlogged", row_security_active(c.oid) as "hidesRows",
    has_table_privilege(c.oid, 'select') as "isReadable",
    obj_description(c.oid, 'pg_class') as comment,
    current_setting('server_version') as "serverVersion", current_setting('server_encoding') as encoding,
    coalesce((select ${indexColumns} from pg_index i where i.indrelid = c.oid and i.indisprimary), '[]'::json) as "primaryKey",
    coalesce((select json_agg(${indexColumns} order by i.indisprimary desc, ic.relname) from pg_index i
              join pg_class ic on ic.oid = i.indexrelid
              where i.indrelid = c.oid and ${isUniqueKey}
                and (c.relkind = 'p' or not exists (select from pg_inherits h where h.inhparent = c.oid))), '[]'::json) as "uniqueKeys",
    coalesce((select json_agg(json_build_object(
                'name', k.conname,
                'kind', json_build_object('p', 'primary', 'u', 'unique', 'c', 'check', 'f', 'foreign', 'x', 'exclusion') ->> k.contype::text,
                'definition', pg_get_constraintdef(k.oid), 'needs', ${needsSql('pg_constraint', 'k.oid')},
                'isValidated', k.convalidated) order by k.conname)
              from pg_constraint k where k.conrelid = c.oid and k.contype in ('p', 'u', 'c', 'f', 'x')), '[]'::json) as constraints,
    coalesce((select json_agg(json_build_object('name', ic.relname, 'definition', pg_get_indexdef(ic.oid)) order by ic.relname)
              from pg_index i join pg_class ic on ic.oid = i.indexrelid
              where i.indrelid = c.oid and not exists (select from pg_constraint k where k.conindid = ic.oid and k.conrelid = c.oid
                                                       and k.contype in ('p', 'u', 'x'))), '[]'::json) as indexes,
    case when c.relkind = 'p' then json_build_object(
      'key', pg_get_partkeydef(c.oid),
      'partitions', coalesce((
        select json_agg(json_build_object('schema', pn.nspname, 'table', p.relname, 'parent', d.parent::regclass::text,
                                          'bound', pg_get_expr(p.relpartbound, p.oid), 'key', pg_get_partkeydef(p.oid))
                        order by pn.nspname, p.relname)
        from descendants d join pg_class p on p.oid = d.id join pg_namespace pn on pn.oid = p.relnamespace), '[]'::json)) end as partitioning,
    (select p.oid::regclass::text from descendants d join pg_class p on p.oid = d.id where p.relkind = 'f' limit 1) as "foreignPartition",
    (select a.attrelid::regclass::text from descendants d join pg_attribute a on a.attrelid = d.id
     where a.attnum > 0 and not a.attisdropped and a.attinhcount = 0 limit 1) as "widerChild"
  from pg_class c where c.oid = $1::text::oid`;

/** Of the table with the number $1. */
export const catalogColumns = `
  select a.attname as name, row_number() over (order by a.attnum)::int as position,
    ${typeReferenceSql('a.atttypid', 'a.atttypmod', 'a.attcollation')} as reference,
    a.atttypid::text as "typeId", a.attcollation::text as "collationId",
    a.attnotnull as "notNull", pg_get_expr(d.adbin, d.adrelid) as "default",
    case when d.oid is null then '[]'::json else ${needsSql('pg_attrdef', 'd.oid')} end as "defaultNeeds",
    case a.attgenerated when 's' then 'stored' when 'v' then 'virtual' end as generated,
    case when a.attidentity <> '' then (
      select json_build_object('generation', case a.attidentity when 'a' then 'always' else 'by default' end,
        'start', s.seqstart::text, 'increment', s.seqincrement::text, 'minimum', s.seqmin::text, 'maximum', s.seqmax::text,
        'cache', s.seqcache::text, 'cycles', s.seqcycle)
      from pg_depend q join pg_sequence s on s.seqrelid = q.objid
      where q.classid = 'pg_class'::regclass and q.refclassid = 'pg_class'::regclass and q.refobjid = a.attrelid
        and q.refobjsubid = a.attnum and q.deptype = 'i') end as identity,
    col_description(a.attrelid, a.attnum) as comment
  from pg_attribute a left join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
  where a.attrelid = $1::text::oid and a.attnum > 0 and not a.attisdropped
  order by a.attnum`;
