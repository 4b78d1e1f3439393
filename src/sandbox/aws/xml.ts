import { XMLParser } from 'fast-xml-parser';
import { AwsError } from './aws-error.ts';

/*
 * Written by hand on the way out: a listing page of 1,000 keys has to leave within a few milliseconds, and a key may hold
 * characters (carriage returns, control characters) that must arrive as character references.
 */

/** An element whose text is escaped; nothing when there is no value. */
export function text(name: string, value: string | number | boolean | undefined): string {
  return value === undefined ? '' : `<${name}>${escapeText(String(value))}</${name}>`;
}

/** An element around children that are XML already. */
export function element(name: string, ...children: readonly string[]): string {
  return `<${name}>${children.join('')}</${name}>`;
}

export function xmlDocument(root: string, namespace: string | undefined, ...children: readonly string[]): string {
  const attribute = namespace === undefined ? '' : ` xmlns="${namespace}"`;
  return `<?xml version="1.0" encoding="UTF-8"?>\n<${root}${attribute}>${children.join('')}</${root}>`;
}

export const s3Namespace = 'http://s3.amazonaws.com/doc/2006-03-01/';
export const stsNamespace = 'https://sts.amazonaws.com/doc/2011-06-15/';

// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what has to be found
const mustBeEscaped = /[&<>"\u0000-\u0008\u000b-\u001f]/g;

function escapeText(value: string): string {
  return value.replace(mustBeEscaped, (character) => {
    switch (character) {
      case '&':
        return '&amp;';
      case '<':
        return '&lt;';
      case '>':
        return '&gt;';
      case '"':
        return '&quot;';
      default:
        return `&#x${character.charCodeAt(0).toString(16)};`;
    }
  });
}

const parser = new XMLParser({
  ignoreAttributes: true,
  ignoreDeclaration: true,
  ignorePiTags: true,
  removeNSPrefix: true,
  parseTagValue: false,
  // A key may begin or end with a space.
  trimValues: false,
  processEntities: true,
  htmlEntities: true,
});

/** One element of a parsed request body. Text is exactly as sent; an absent child is undefined. */
export class XmlElement {
  readonly #value: unknown;

  constructor(value: unknown) {
    this.#value = value;
  }

  text(name: string): string | undefined {
    const [first] = this.#children(name);
    return typeof first === 'string' ? first : undefined;
  }

  one(name: string): XmlElement | undefined {
    const [first] = this.#children(name);
    return first === undefined ? undefined : new XmlElement(first);
  }

  all(name: string): readonly XmlElement[] {
    return this.#children(name).map((child) => new XmlElement(child));
  }

  has(name: string): boolean {
    return this.#children(name).length > 0;
  }

  #children(name: string): readonly unknown[] {
    if (typeof this.#value !== 'object' || this.#value === null) return [];
    const found: unknown = Object.entries(this.#value).find(([key]) => key === name)?.[1];
    if (found === undefined) return [];
    return Array.isArray(found) ? found : [found];
  }
}

/** @throws AwsError MalformedXML when the body is not XML, has a document type, or another root than `root` */
export function parseXml(body: string, root: string): XmlElement {
  // A document type can define entities that expand without end; no AWS request has one.
  if (body.includes('<!DOCTYPE')) throw malformed();
  try {
    const parsed = new XmlElement(parser.parse(body, true)).one(root);
    if (parsed !== undefined) return parsed;
  } catch {
    throw malformed();
  }
  throw malformed();
}

export function malformed(): AwsError {
  return new AwsError('MalformedXML', 'the XML is broken, or not what this operation takes');
}
