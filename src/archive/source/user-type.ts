/** The type of a column, an attribute, or of what a domain is made from. */
export interface TypeReference {
  /** As SQL writes it: `numeric(12,2)`, `public.mood[]`. */
  readonly type: string;
  /** `pg_catalog.numeric`: the type without what qualifies it here; an array's begins with an underscore. */
  readonly typeName: string;
  /** As in pg_attribute.atttypmod; -1: none. */
  readonly typmod: number;
  /** Quoted and qualified; null: that of the type, or the type has none. */
  readonly collation: string | null;
}

/** A type that is not PostgreSQL's own. `name` is as SQL writes it: quoted where needed, always qualified. */
export type UserType =
  | EnumType
  | DomainType
  | CompositeType
  | RangeType
  | CollationDefinition
  | ExtensionType
  | ForeignBaseType;

interface Named {
  readonly name: string;
  /** In which it lies, unquoted. */
  readonly schema: string;
}

export interface EnumType extends Named {
  readonly kind: 'enum';
  /** In their order. */
  readonly labels: readonly string[];
}

export interface DomainType extends Named {
  readonly kind: 'domain';
  readonly base: TypeReference;
  readonly notNull: boolean;
  readonly default: string | null;
  readonly checks: readonly DomainCheck[];
}

export interface DomainCheck {
  readonly name: string;
  /** `CHECK ((VALUE > 0))`. */
  readonly definition: string;
  readonly needs: readonly string[];
}

export interface CompositeType extends Named {
  readonly kind: 'composite';
  readonly attributes: readonly CompositeAttribute[];
}

export interface CompositeAttribute extends TypeReference {
  readonly name: string;
}

export interface RangeType extends Named {
  readonly kind: 'range';
  readonly subtype: TypeReference;
  /** Null: the default one of the subtype. */
  readonly operatorClass: string | null;
  readonly canonicalFunction: string | null;
  readonly differenceFunction: string | null;
  /** Since PostgreSQL 14. */
  readonly multirange: string | null;
}

export interface CollationDefinition extends Named {
  readonly kind: 'collation';
  readonly provider: 'libc' | 'icu' | 'builtin';
  readonly locale: string;
  readonly ctype: string | null;
  readonly isDeterministic: boolean;
  readonly rules: string | null;
}

/** A type that an extension brings along: `create extension` makes it. */
export interface ExtensionType extends Named {
  readonly kind: 'extension';
  readonly extension: string;
}

/** A base type made from functions of one's own: it has to be there before its columns. */
export interface ForeignBaseType extends Named {
  readonly kind: 'base';
}
