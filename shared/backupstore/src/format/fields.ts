import { FormatError, parseJson, type JsonReader } from './json-reader.ts';
import { compareKeys } from '../layout.ts';

/** A label map; `null` when the file says null or nothing (Longhorn writes `null` for none). */
export type StringMap = Readonly<Record<string, string>> | null;

/** One entry of a block list: where in the volume, and which block. */
export interface BlockReference {
  /** Bytes from the start of the volume. */
  readonly offset: number;
  /** 64 hex digits of SHA-512 over the uncompressed block. */
  readonly checksum: string;
}

/** How a Go type reads and writes one member of a file. */
interface Codec<T> {
  /** What Go holds when the member is absent or null. */
  readonly zero: T;
  /** `known` is what an earlier member of the same name gave: Go keeps it at null, and adds to maps. */
  readonly read: (reader: JsonReader, field: string, known: T) => T;
  readonly write: (value: T) => string;
  /** Go's `omitempty`: not written when true. */
  readonly isOmitted?: (value: T) => boolean;
}

/** The members of a file in the order they are written: `[wire name, codec]`, by property of `T`. */
export type FieldTable<T> = { readonly [K in keyof T]-?: readonly [string, Codec<T[K]>] };

const INT64_MIN = -(2n ** 63n);
const INT64_MAX = 2n ** 63n - 1n;
const WHOLE_NUMBER = /^-?[0-9]+$/;
const HTML_UNSAFE = /[<>&\u2028\u2029]/g;

/** Go's string literal: JSON with `<`, `>`, `&`, U+2028 and U+2029 escaped and broken surrogates replaced. */
export function encodeGoString(value: string): string {
  return JSON.stringify(value.toWellFormed()).replace(
    HTML_UNSAFE,
    (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

/** Go's encoding of a map: keys in byte order, `null` for none. */
export function encodeGoMap(value: StringMap): string {
  if (value === null) return 'null';
  const members = Object.entries(value).sort(([a], [b]) => compareKeys(a, b));
  return `{${members.map(([key, text]) => `${encodeGoString(key)}:${encodeGoString(text)}`).join(',')}}`;
}

/** `"x"`. */
export const stringCodec: Codec<string> = { zero: '', read: nullable(readString), write: encodeGoString };

/** `"123"`: a 64-bit whole number as a string (Go's `int64` with `,string`); normalised, so `"007"` reads as `'7'`. */
export const stringIntCodec: Codec<string> = {
  zero: '0',
  read: nullable((text, field, known) => {
    const inner = readString(text, field);
    if (inner === 'null') return known;
    if (!WHOLE_NUMBER.test(inner) || !isInt64(BigInt(inner)))
      throw wrongType(field, 'a string that holds a whole number');
    return BigInt(inner).toString();
  }),
  write: (value) => `"${value}"`,
};

/** `"\"lz4\""`: a string encoded twice (Go's `string` with `,string`); the inner text may be `null`, never empty. */
export const doubleEncodedCodec: Codec<string> = {
  zero: '',
  read: nullable((text, field, known) => {
    const inner = readString(text, field);
    if (inner === 'null') return known;
    // No white space round it: Go takes the inner text as one literal.
    if (!inner.startsWith('"') || !inner.endsWith('"')) throw wrongType(field, 'a string that holds a quoted string');
    return readString(inner, field);
  }),
  // Go escapes for HTML only once, in the inner encoding.
  write: (value) => JSON.stringify(encodeGoString(value)),
};

/** `true` or `false`. */
export const booleanCodec: Codec<boolean> = {
  zero: false,
  read: nullable((text, field) => {
    if (text !== 'true' && text !== 'false') throw wrongType(field, 'true or false');
    return text === 'true';
  }),
  write: String,
};

/** A whole JSON number. */
export const numberCodec: Codec<number> = { zero: 0, read: nullable(readWholeNumber), write: String };

/** An object of strings, or `null`. */
export const mapCodec: Codec<StringMap> = {
  zero: null,
  read: (reader, field, known) => {
    const value = parseJson(reader.raw());
    if (value === null) return null;
    if (typeof value !== 'object' || Array.isArray(value)) throw wrongType(field, 'an object');
    const entries = Object.entries(value as Record<string, unknown>).map(([key, member]): [string, string] => {
      if (member !== null && typeof member !== 'string') throw wrongType(field, 'an object of strings');
      return [key.toWellFormed(), (member ?? '').toWellFormed()];
    });
    return Object.fromEntries([...Object.entries(known ?? {}), ...entries]);
  },
  write: encodeGoMap,
};

/** Any JSON, kept as its text; Longhorn writes it and never reads it. */
export function rawCodec(zero: string): Codec<string> {
  return {
    zero,
    read: (reader) => {
      const text = reader.raw();
      parseJson(text);
      return text;
    },
    write: (value) => value,
  };
}

/** `{"FilePath":"…"}`, read as the path. */
export const singleFileCodec: Codec<string> = {
  zero: '',
  read: (reader, field) => {
    if (isNull(reader, field)) return '';
    let filePath = '';
    reader.members((key) => {
      if (foldKey(key) === 'filepath') filePath = stringCodec.read(reader, `${field}.FilePath`, filePath);
      else parseJson(reader.raw());
      return undefined;
    });
    return filePath;
  },
  write: (value) => `{"FilePath":${encodeGoString(value)}}`,
};

/** `[{"Offset":0,"BlockChecksum":"…"},…]`, omitted when empty. */
export const blocksCodec: Codec<readonly BlockReference[]> = {
  zero: [],
  read: (reader, field) => {
    const blocks: BlockReference[] = [];
    if (isNull(reader, field)) return blocks;
    if (reader.peek() !== 0x5b) throw wrongType(field, 'an array');
    reader.elements(() => blocks.push(readBlock(reader, field)));
    return blocks;
  },
  write: (blocks) =>
    `[${blocks.map((b) => `{"Offset":${String(b.offset)},"BlockChecksum":${encodeGoString(b.checksum)}}`).join(',')}]`,
  isOmitted: (blocks) => blocks.length === 0,
};

/** Go matches member names whatever their case, by simple folding (also `ſ` as s and the Kelvin sign as k). */
export function foldKey(key: string): string {
  return key.toLowerCase().replaceAll('ſ', 's');
}

/** Consumes one element of a block list. */
export function readBlock(reader: JsonReader, field: string): BlockReference {
  let offset = 0;
  let checksum = '';
  if (isNull(reader, field)) return { offset, checksum };
  if (reader.peek() !== 0x7b) throw wrongType(field, 'an array of objects');
  reader.members((key) => {
    const name = foldKey(key);
    if (name === 'offset') offset = numberCodec.read(reader, `${field}.Offset`, offset);
    else if (name === 'blockchecksum') checksum = stringCodec.read(reader, `${field}.BlockChecksum`, checksum);
    else parseJson(reader.raw());
    return undefined;
  });
  return { offset, checksum };
}

function nullable<T>(read: (text: string, field: string, known: T) => T): Codec<T>['read'] {
  return (reader, field, known) => {
    const text = reader.raw();
    return text === 'null' ? known : read(text, field, known);
  };
}

// Consumes a null; leaves anything else to be read. Only `null` starts with n.
function isNull(reader: JsonReader, field: string): boolean {
  if (reader.peek() !== 0x6e) return false;
  if (reader.raw() !== 'null') throw wrongType(field, 'an object, an array or null');
  return true;
}

function readString(text: string, field: string): string {
  const value = parseJson(text);
  if (typeof value !== 'string') throw wrongType(field, 'a string');
  return value.toWellFormed();
}

function readWholeNumber(text: string, field: string): number {
  const value = parseJson(text);
  if (typeof value !== 'number' || !WHOLE_NUMBER.test(text) || !Number.isSafeInteger(value)) {
    throw wrongType(field, 'a whole number');
  }
  return value;
}

function isInt64(value: bigint): boolean {
  return value >= INT64_MIN && value <= INT64_MAX;
}

function wrongType(field: string, expected: string): FormatError {
  return new FormatError(`'${field}' must be ${expected}`);
}
