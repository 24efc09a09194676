import { redactText } from '@mooring/telemetry';

/** Longest message kept, characters: an event takes 1,024. */
const MAX_LENGTH = 800;

/** What differs between two occurrences of one failure, and its replacement. */
const VOLATILE: readonly (readonly [RegExp, string])[] = [
  [/\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b/gi, '<id>'],
  [/\b\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:?\d\d)?/g, '<time>'],
  [/\b0x[0-9a-f]{6,}\b/gi, '<address>'],
  [/\b(request|host|trace) ?-?id(:|=| is)? ?["']?[\w+/=.-]+["']?/gi, '$1 id <id>'],
];

/**
 * The text of anything thrown, fit for a status: first line, secrets and query strings taken out, ids and times replaced, cut to 800
 * characters. The same failure gives the same text each time: Longhorn writes six times a second because its messages do not.
 */
export function stableMessage(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  const [line = ''] = redactText(text).split('\n', 1);
  const stable = VOLATILE.reduce((result, [pattern, replacement]) => result.replace(pattern, replacement), line);
  return stable.length <= MAX_LENGTH ? stable : `${stable.slice(0, MAX_LENGTH - 1)}…`;
}
