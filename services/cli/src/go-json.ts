import { encodeGoString } from '@mooring/backupstore';

/** A value as Go prints it: a struct as an object (members in the order given), a map as a Map (sorted), absent members left out. */
export type GoValue = string | number | boolean | null | readonly GoValue[] | GoStruct | ReadonlyMap<string, GoValue>;

/** A Go struct; `undefined` is a member with `omitempty`. */
export interface GoStruct {
  readonly [member: string]: GoValue | undefined;
}

/** `json.MarshalIndent(value, "", "\t")` of Go, and a newline: HTML-escaped, map keys in byte order. */
export function formatGoJson(value: GoValue): string {
  return `${format(value, '')}\n`;
}

/** A map of strings as the format holds it (`null` for none) as a Go value. */
export function goMap(map: Readonly<Record<string, string>> | null): GoValue {
  return map === null ? null : new Map(Object.entries(map));
}

function format(value: GoValue, indent: string): string {
  if (value === null || typeof value === 'number' || typeof value === 'boolean') return String(value);
  if (typeof value === 'string') return encodeGoString(value);
  const deeper = `${indent}\t`;
  if (isList(value))
    return wrap(
      '[]',
      value.map((item) => format(item, deeper)),
      indent,
    );
  return wrap(
    '{}',
    membersOf(value).map(([key, member]) => `${encodeGoString(key)}: ${format(member, deeper)}`),
    indent,
  );
}

function isList(value: GoValue): value is readonly GoValue[] {
  return Array.isArray(value);
}

function membersOf(value: GoStruct | ReadonlyMap<string, GoValue>): [string, GoValue][] {
  if (value instanceof Map) {
    const entries = [...(value as ReadonlyMap<string, GoValue>)];
    return entries.sort(([a], [b]) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
  }
  return Object.entries(value).filter((entry): entry is [string, GoValue] => entry[1] !== undefined);
}

function wrap(brackets: string, items: readonly string[], indent: string): string {
  if (items.length === 0) return brackets;
  const lines = items.map((item) => `${indent}\t${item}`).join(',\n');
  return `${brackets.charAt(0)}\n${lines}\n${indent}${brackets.charAt(1)}`;
}
