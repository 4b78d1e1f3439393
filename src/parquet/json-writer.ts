import { AppError } from '../errors.ts';
import type { LeafStream } from './leaf-stream.ts';
import { invalid } from './problems.ts';
import type { Group, Leaf, Node } from './schema.ts';
import type { TextSink } from './text-sink.ts';

const comma = 44;
const colon = 58;

/**
 * A nested column's rows as JSON text, assembled straight from its leaves' levels (Dremel's record assembly): no number is
 * parsed and no key can be lost on the way. Lists are arrays; structs are objects; maps are objects where their keys are
 * text and differ, else arrays of `[key, value]`.
 */
export class JsonWriter {
  readonly #column: Node;
  readonly #streams: readonly LeafStream[];
  readonly #sink: TextSink;
  readonly #fieldNames = new Map<Group, readonly Uint8Array[]>();

  /** `streams[i]` is leaf `column.firstLeaf + i`. */
  constructor(column: Node, streams: readonly LeafStream[], sink: TextSink) {
    this.#column = column;
    this.#streams = streams;
    this.#sink = sink;
    this.#nameFields(column);
  }

  /** Writes the next row's JSON; false, and nothing written, where the column itself is null. */
  writeRow(): boolean {
    const column = this.#column;
    for (const stream of this.#streams) {
      if (stream.repetitions[stream.head] !== 0) throw this.#disagree(column);
    }
    if (column.repetition === 'OPTIONAL' && this.#isAbsent(column)) {
      this.#skip(column);
      return false;
    }
    if (column.repetition === 'REPEATED') this.#array(column, () => this.#present(column));
    else this.#present(column);
    return true;
  }

  #value(node: Node): void {
    if (node.repetition === 'REPEATED') {
      this.#array(node, () => this.#present(node));
    } else if (node.repetition === 'OPTIONAL' && this.#isAbsent(node)) {
      this.#skip(node);
      this.#sink.ascii('null');
    } else {
      this.#present(node);
    }
  }

  #present(node: Node): void {
    if (node.kind === 'leaf') {
      this.#leaf(node);
      return;
    }
    const inner = node.children[0];
    const isWrapper = node.children.length === 1 && inner?.repetition === 'REPEATED';
    if (node.annotation === 'list' && isWrapper) this.#list(node, inner);
    else if (node.annotation === 'map' && isWrapper && isKeyValue(inner)) this.#map(inner);
    else this.#struct(node);
  }

  #leaf(node: Leaf): void {
    const stream = this.#stream(node);
    const length = stream.lengths[stream.head] as number;
    if (length < 0 || stream.head >= stream.tail) throw this.#disagree(node);
    const start = stream.starts[stream.head] as number;
    this.#sink.append(stream.bytes, start, start + length);
    stream.head++;
  }

  /** LogicalTypes.md, "Lists", with its rules for older forms: the repeated node is the element itself, or wraps it. */
  #list(list: Group, repeated: Node): void {
    const element = wrappedElement(list, repeated);
    this.#array(repeated, element === undefined ? () => this.#present(repeated) : () => this.#value(element));
  }

  #array(repeated: Node, writeElement: () => void): void {
    this.#sink.byte(91);
    this.#each(repeated, (index) => {
      if (index > 0) this.#sink.byte(comma);
      writeElement();
    });
    this.#sink.byte(93);
  }

  #map(entries: Group): void {
    const [key, value] = entries.children as [Node, Node | undefined];
    const isObject = key.kind === 'leaf' && key.type.kind === 'text' && this.#keysDiffer(entries, key);
    this.#sink.byte(isObject ? 123 : 91);
    this.#each(entries, (index) => {
      if (index > 0) this.#sink.byte(comma);
      if (!isObject) this.#sink.byte(91);
      this.#value(key);
      this.#sink.byte(isObject ? colon : comma);
      if (value === undefined) this.#sink.ascii('null');
      else this.#value(value);
      if (!isObject) this.#sink.byte(93);
    });
    this.#sink.byte(isObject ? 125 : 93);
  }

  /** Fields of one name could not live in one object: such a struct is an array of `[name, value]`. */
  #struct(group: Group): void {
    const names = this.#fieldNames.get(group) ?? [];
    const isObject = new Set(group.children.map(({ name }) => name)).size === group.children.length;
    this.#sink.byte(isObject ? 123 : 91);
    for (const [i, child] of group.children.entries()) {
      const name = names[i] as Uint8Array;
      if (i > 0) this.#sink.byte(comma);
      if (!isObject) this.#sink.byte(91);
      this.#sink.append(name, 0, name.length);
      this.#sink.byte(isObject ? colon : comma);
      this.#value(child);
      if (!isObject) this.#sink.byte(93);
    }
    this.#sink.byte(isObject ? 125 : 93);
  }

  /** Every element of a repeated node; all leaves under it must agree where it ends. */
  #each(repeated: Node, write: (index: number) => void): void {
    if (this.#isAbsent(repeated)) {
      this.#skip(repeated);
      return;
    }
    const witness = this.#stream(repeated);
    for (let index = 0; ; index++) {
      write(index);
      const next = witness.head < witness.tail ? (witness.repetitions[witness.head] as number) : 0;
      for (let leaf = repeated.firstLeaf; leaf < repeated.endLeaf; leaf++) {
        const stream = this.#streams[leaf - this.#column.firstLeaf] as LeafStream;
        const other = stream.head < stream.tail ? (stream.repetitions[stream.head] as number) : 0;
        if (other !== next || other > repeated.depth) throw this.#disagree(repeated);
      }
      if (next !== repeated.depth) return;
    }
  }

  /** No key is null and no two are equal, in the map that begins at the head. */
  #keysDiffer(entries: Group, key: Leaf): boolean {
    const stream = this.#stream(key);
    const { head } = stream;
    if ((stream.definitions[head] as number) < entries.definition) return true;
    let end = head + 1;
    while (end < stream.tail && stream.repetitions[end] === entries.depth) end++;
    for (let i = head; i < end; i++) if ((stream.lengths[i] as number) < 0) return false;
    return end - head <= fewKeys ? fewDiffer(stream, head, end) : manyDiffer(stream, head, end);
  }

  #isAbsent(node: Node): boolean {
    const stream = this.#stream(node);
    if (stream.head >= stream.tail) throw this.#disagree(node);
    return (stream.definitions[stream.head] as number) < node.definition;
  }

  /** Where a node is absent, each leaf under it has one entry to say so. */
  #skip(node: Node): void {
    for (let leaf = node.firstLeaf; leaf < node.endLeaf; leaf++) {
      const stream = this.#streams[leaf - this.#column.firstLeaf] as LeafStream;
      if (stream.head >= stream.tail || (stream.definitions[stream.head] as number) >= node.definition) {
        throw this.#disagree(node);
      }
      stream.head++;
    }
  }

  #stream(node: Node): LeafStream {
    return this.#streams[node.firstLeaf - this.#column.firstLeaf] as LeafStream;
  }

  #disagree(node: Node): AppError {
    return invalid(
      `the levels within column ${JSON.stringify(this.#column.name)} disagree at ${JSON.stringify(node.name)}`,
    );
  }

  #nameFields(node: Node): void {
    if (node.kind === 'leaf') return;
    const names = node.children.map(({ name }) => {
      if (name.includes('\0'))
        throw new AppError('TEXT_INVALID', `a field of ${this.#column.name} has NUL in its name`);
      return Buffer.from(JSON.stringify(name));
    });
    this.#fieldNames.set(node, names);
    for (const child of node.children) this.#nameFields(child);
  }
}

/** A set has keys alone. */
function isKeyValue(node: Node | undefined): node is Group {
  return node?.kind === 'group' && node.children.length <= 2 && node.children[0]?.repetition !== 'REPEATED';
}

function wrappedElement(list: Group, repeated: Node): Node | undefined {
  if (repeated.kind === 'leaf' || repeated.children.length !== 1) return undefined;
  if (repeated.name === 'array' || repeated.name === `${list.name}_tuple`) return undefined;
  const [element] = repeated.children;
  return element?.repetition === 'REPEATED' ? undefined : element;
}

/** Up to here comparing each with each is faster than a set. */
const fewKeys = 16;

function fewDiffer(stream: LeafStream, from: number, end: number): boolean {
  for (let i = from + 1; i < end; i++) {
    for (let j = from; j < i; j++) if (hasSameText(stream, i, j)) return false;
  }
  return true;
}

function hasSameText({ bytes, starts, lengths }: LeafStream, one: number, other: number): boolean {
  const length = lengths[one] as number;
  if (length !== lengths[other]) return false;
  const oneStart = starts[one] as number;
  const otherStart = starts[other] as number;
  for (let i = 0; i < length; i++) if (bytes[oneStart + i] !== bytes[otherStart + i]) return false;
  return true;
}

function manyDiffer({ bytes, starts, lengths }: LeafStream, from: number, end: number): boolean {
  const seen = new Set<string>();
  for (let i = from; i < end; i++) {
    const start = starts[i] as number;
    seen.add(Buffer.from(bytes.buffer, bytes.byteOffset + start, lengths[i]).toString('latin1'));
  }
  return seen.size === end - from;
}
