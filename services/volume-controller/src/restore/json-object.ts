/** A JSON object; undefined for any other JSON, and for what is none. */
export function objectIn(json: string): Readonly<Record<string, unknown>> | undefined {
  try {
    return asObject(JSON.parse(json));
  } catch {
    return undefined;
  }
}

/** A value as an object with unknown members; undefined for lists and everything else. */
export function asObject(value: unknown): Readonly<Record<string, unknown>> | undefined {
  const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
  return isObject ? (value as Readonly<Record<string, unknown>>) : undefined;
}
