import { canonicalJson } from '../manifest/canonical-json.ts';
import type { TypeReference, UserType } from '../source/user-type.ts';

interface Types {
  readonly userTypes: readonly UserType[];
}

/**
 * Whether a column's type is what it was: by its name, and of a type of one's own also by all that it is made of. A name alone
 * says nothing of an enum's labels.
 */
export function isSameType(
  [column, of]: readonly [TypeReference, Types],
  [now, ofNow]: readonly [TypeReference, Types],
): boolean {
  if (column.type !== now.type || column.typmod !== now.typmod) return false;
  return canonicalJson(partsOf(column, of)) === canonicalJson(partsOf(now, ofNow));
}

/** The user's own types that a type is made of, itself among them. */
function partsOf(reference: TypeReference, { userTypes }: Types): readonly UserType[] {
  const found = new Map<string, UserType>();
  const queue = [nameOf(reference)];
  for (let name = queue.pop(); name !== undefined; name = queue.pop()) {
    const type = userTypes.find((candidate) => candidate.kind !== 'collation' && namesOf(candidate).includes(name));
    if (type === undefined || found.has(type.name)) continue;
    found.set(type.name, type);
    queue.push(...madeOf(type).map(nameOf));
  }
  return [...found.values()].toSorted((a, b) => (a.name < b.name ? -1 : 1));
}

function namesOf(type: UserType): readonly string[] {
  return type.kind === 'range' && type.multirange !== null ? [type.name, type.multirange] : [type.name];
}

function madeOf(type: UserType): readonly TypeReference[] {
  switch (type.kind) {
    case 'domain':
      return [type.base];
    case 'composite':
      return type.attributes;
    case 'range':
      return [type.subtype];
    default:
      return [];
  }
}

/** Without what makes it an array, or narrows it. */
function nameOf({ type }: TypeReference): string {
  return type.replace(/(\[\])+$/, '').replace(/\([^()]*\)$/, '');
}
