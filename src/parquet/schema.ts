import type { ParquetType, SchemaElement } from 'hyparquet';
import type { SourceColumn } from '../db/column-type.ts';
import { columnTypeOf, type LeafType, leafType } from './leaf-type.ts';
import type { ParquetLimits } from './limits.ts';
import { expandsTooMuch, invalid } from './problems.ts';

type Repetition = 'REQUIRED' | 'OPTIONAL' | 'REPEATED';

interface NodeBase {
  readonly name: string;
  readonly repetition: Repetition;
  /** Definition level from which on this node is there (a repeated one: has an element). */
  readonly definition: number;
  /** Repetition level of the innermost repeated node around it, itself included. */
  readonly depth: number;
  /** The leaves under it: `[firstLeaf, endLeaf)`, in file order. */
  readonly firstLeaf: number;
  readonly endLeaf: number;
}

export interface Leaf extends NodeBase {
  readonly kind: 'leaf';
  /** `a.b.c`, for messages. */
  readonly path: string;
  readonly physical: ParquetType;
  /** Bytes of a FIXED_LEN_BYTE_ARRAY. */
  readonly fixedBytes: number;
  readonly type: LeafType;
}

export interface Group extends NodeBase {
  readonly kind: 'group';
  readonly annotation: 'list' | 'map' | undefined;
  readonly children: readonly Node[];
}

export type Node = Leaf | Group;

export interface ParquetSchema {
  /** Top-level columns, in file order; names may repeat. */
  readonly columns: readonly Node[];
  readonly leaves: readonly Leaf[];
}

/** The tree that the footer's flat, depth-first list of elements stands for. @throws AppError PARQUET_INVALID */
export function buildSchema(elements: readonly SchemaElement[], limits: ParquetLimits): ParquetSchema {
  const leaves: Leaf[] = [];
  let position = 1;

  const children = (parent: SchemaElement, around: Around): readonly Node[] => {
    if (around.path.length > limits.maxSchemaDepth)
      throw expandsTooMuch(`groups nested deeper than ${limits.maxSchemaDepth}`);
    const nodes: Node[] = [];
    for (let i = 0; i < (parent.num_children ?? 0); i++) nodes.push(node(around));
    return nodes;
  };

  const node = (around: Around): Node => {
    const element = elements[position++];
    if (element === undefined) throw invalid('the schema ends too early');
    const repetition = element.repetition_type ?? 'REQUIRED';
    const base = {
      name: element.name,
      repetition,
      definition: around.definition + (repetition === 'REQUIRED' ? 0 : 1),
      depth: around.depth + (repetition === 'REPEATED' ? 1 : 0),
      firstLeaf: leaves.length,
    };
    const path = [...around.path, element.name];
    if (element.type !== undefined) {
      if (leaves.length >= limits.maxColumns) throw expandsTooMuch(`more than ${limits.maxColumns} columns`);
      const leaf = toLeaf(element, { ...base, endLeaf: leaves.length + 1 }, path.join('.'));
      leaves.push(leaf);
      return leaf;
    }
    const nested = children(element, { path, definition: base.definition, depth: base.depth });
    if (leaves.length === base.firstLeaf) throw invalid(`group ${JSON.stringify(path.join('.'))} has no columns`);
    return { ...base, kind: 'group', annotation: annotationOf(element), children: nested, endLeaf: leaves.length };
  };

  const root = elements[0];
  if (root === undefined) throw invalid('the schema is empty');
  const columns = children(root, { path: [], definition: 0, depth: 0 });
  if (position !== elements.length) throw invalid('the schema has elements outside its tree');
  return { columns, leaves };
}

interface Around {
  readonly path: readonly string[];
  readonly definition: number;
  readonly depth: number;
}

function toLeaf(element: SchemaElement, base: NodeBase, path: string): Leaf {
  const fixedBytes = element.type_length ?? 0;
  if (element.type === undefined) throw invalid(`column ${JSON.stringify(path)} has no type`);
  if (element.type === 'FIXED_LEN_BYTE_ARRAY' && fixedBytes <= 0) {
    throw invalid(`column ${JSON.stringify(path)} has fixed values of ${fixedBytes} bytes`);
  }
  return { ...base, kind: 'leaf', path, physical: element.type, fixedBytes, type: leafType(element) };
}

function annotationOf({ logical_type: logical, converted_type: converted }: SchemaElement): 'list' | 'map' | undefined {
  if (logical?.type === 'LIST' || converted === 'LIST') return 'list';
  // LogicalTypes.md, "Maps": writers of old put MAP_KEY_VALUE on the outer group
  if (logical?.type === 'MAP' || converted === 'MAP' || converted === 'MAP_KEY_VALUE') return 'map';
  return undefined;
}

/** A leaf at the top that holds one value a row; everything else becomes JSON. */
export function isFlat(column: Node): column is Leaf {
  return column.kind === 'leaf' && column.repetition !== 'REPEATED';
}

export function sourceColumn(column: Node): SourceColumn {
  return { name: column.name, type: isFlat(column) ? columnTypeOf(column.type) : 'jsonb' };
}
