/** Writes YAML. Only what generated manifests need; every text that could be read as anything else is quoted. */

const PLAIN_KEY = /^[A-Za-z][A-Za-z0-9_./-]*$/;
const PLAIN_TEXT = /^[A-Za-z][A-Za-z0-9_./()-]*( [A-Za-z0-9_./()-]+)*$/;
const RESERVED = /^(y|n|yes|no|on|off|true|false|null)$/i;

/** A YAML document of JSON data (no undefined, no cycles), two spaces a level, ending in a newline. */
export function toYaml(value: unknown): string {
  return `${lines(value).join('\n')}\n`;
}

function lines(value: unknown): string[] {
  if (Array.isArray(value) && value.length > 0) return value.flatMap((item) => indent(lines(item), '- '));
  if (!isMap(value)) return [scalar(value)];
  return Object.entries(value).flatMap(([key, item]) => entry(PLAIN_KEY.test(key) ? key : JSON.stringify(key), item));
}

function entry(key: string, item: unknown): string[] {
  if (isMap(item)) return [`${key}:`, ...indent(lines(item), '  ')];
  if (Array.isArray(item) && item.length > 0) return [`${key}:`, ...indent(lines(item), '  ')];
  return [`${key}: ${scalar(item)}`];
}

function indent(block: readonly string[], first: string): string[] {
  return block.map((line, index) => (index === 0 ? first : '  ') + line);
}

function isMap(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && Object.keys(value).length > 0;
}

function scalar(value: unknown): string {
  const isPlain = typeof value === 'string' && PLAIN_TEXT.test(value) && !RESERVED.test(value);
  return isPlain ? value : JSON.stringify(value);
}
