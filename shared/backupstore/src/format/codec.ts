import { StoreError } from '../errors.ts';
import { foldKey, type FieldTable } from './fields.ts';
import { FormatError, JsonReader, NeedMoreBytes, parseJson } from './json-reader.ts';

/** What is being decoded, for errors. */
export interface DecodeSource {
  /** The object's key. */
  readonly key: string;
}

type Row = readonly [property: string, wire: string, codec: AnyCodec];
interface AnyCodec {
  readonly zero: unknown;
  readonly read: (reader: JsonReader, field: string, known: never) => unknown;
  readonly write: (value: never) => string;
  readonly isOmitted?: (value: never) => boolean;
}

/** Where a partial decode may stop. */
export interface PartialDecode {
  /** Wire name of the member at which to stop, folded to lower case. */
  readonly stopAt: string;
  /** Wire names (folded) that must all have been seen for stopping to be right; else the whole file is needed. */
  readonly required: readonly string[];
}

/**
 * Decodes a whole file as Go does: member names in any case, unknown members ignored, absent ones zero, `null` accepted,
 * anything after the first JSON value ignored. Throws `Corrupt` for no JSON, a wrong type, an empty or cut file.
 */
export function decodeFile<T extends object>(fields: FieldTable<T>, body: Buffer, source: DecodeSource): T {
  return guard(source, () => {
    const reader = new JsonReader(body, true);
    const result = zeroOf(fields);
    if (readNullFile(reader)) return result as T;
    const rows = rowsByFoldedName(fields);
    reader.members((key) => {
      readMember({ rows, reader, result }, key);
      return undefined;
    });
    return result as T;
  });
}

/**
 * Decodes the members before `stopAt` from the first bytes of a file. `undefined` when these bytes do not suffice.
 * Throws `Corrupt` as {@link decodeFile}.
 */
export function decodeFileStart<T extends object>(
  fields: FieldTable<T>,
  start: { readonly body: Buffer; readonly isComplete: boolean } & PartialDecode,
  source: DecodeSource,
): T | undefined {
  return guard(source, () => {
    const reader = new JsonReader(start.body, start.isComplete);
    const result = zeroOf(fields);
    const rows = rowsByFoldedName(fields);
    const seen = new Set<string>();
    try {
      if (readNullFile(reader)) return result as T;
      reader.members((key) => {
        const name = foldKey(key);
        if (name === start.stopAt && start.required.every((field) => seen.has(field))) return 'stop';
        seen.add(name);
        readMember({ rows, reader, result }, key);
        return undefined;
      });
      return result as T;
    } catch (error) {
      if (error instanceof NeedMoreBytes) return undefined;
      throw error;
    }
  });
}

/** Decodes a file's members one by one, for files that are read in pieces. */
export interface MemberDecoder<T> {
  /** What was read so far; members that did not come yet are zero. */
  readonly result: T;
  /** Consumes the value of the member `key` from `reader`. Throws `FormatError`. */
  readonly read: (reader: JsonReader, key: string) => void;
}

/** Makes a {@link MemberDecoder}. */
export function memberDecoder<T extends object>(fields: FieldTable<T>): MemberDecoder<T> {
  const rows = rowsByFoldedName(fields);
  const result = zeroOf(fields);
  return {
    result: result as T,
    read: (reader, key) => {
      readMember({ rows, reader, result }, key);
    },
  };
}

/** Encodes a file byte for byte as Longhorn does: compact, members in the table's order, no newline. */
export function encodeFile<T extends object>(fields: FieldTable<T>, value: T): Buffer {
  const members: string[] = [];
  for (const [property, wire, codec] of rowsOf(fields)) {
    const member = (value as Record<string, unknown>)[property] as never;
    if (codec.isOmitted?.(member) === true) continue;
    members.push(`"${wire}":${codec.write(member)}`);
  }
  return Buffer.from(`{${members.join(',')}}`);
}

interface MemberContext {
  readonly rows: ReadonlyMap<string, Row>;
  readonly reader: JsonReader;
  readonly result: Record<string, unknown>;
}

function readMember({ rows, reader, result }: MemberContext, key: string): void {
  const row = rows.get(foldKey(key));
  if (row === undefined) {
    parseJson(reader.raw());
    return;
  }
  const [property, wire, codec] = row;
  result[property] = codec.read(reader, wire, result[property] as never);
}

function readNullFile(reader: JsonReader): boolean {
  if (reader.peek() === 0x7b) return false;
  // Only `null` starts with n; what follows it is ignored like anything behind the file.
  if (reader.raw().startsWith('null')) return true;
  throw new FormatError('the file must hold a JSON object');
}

function rowsOf<T extends object>(fields: FieldTable<T>): Row[] {
  return Object.entries(fields).map(([property, entry]) => {
    const [wire, codec] = entry as readonly [string, AnyCodec];
    return [property, wire, codec];
  });
}

function rowsByFoldedName<T extends object>(fields: FieldTable<T>): Map<string, Row> {
  return new Map(rowsOf(fields).map((row) => [foldKey(row[1]), row]));
}

function zeroOf<T extends object>(fields: FieldTable<T>): Record<string, unknown> {
  return Object.fromEntries(rowsOf(fields).map(([property, , codec]) => [property, codec.zero]));
}

/** Runs a decoder; a `FormatError` becomes `Corrupt` with the key. */
export function guard<T>(source: DecodeSource, decode: () => T): T {
  try {
    return decode();
  } catch (error) {
    if (!(error instanceof FormatError)) throw error;
    const action = `decode object '${source.key}'`;
    throw new StoreError('Corrupt', { action, detail: error.message, key: source.key, cause: error });
  }
}
