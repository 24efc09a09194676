/** Cron expressions as Longhorn's robfig/cron `ParseStandard` takes them: five fields, or a descriptor. */
import { parseDurationMs } from '../duration.ts';

const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];
const DAYS = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'];

interface Field {
  name: string;
  minimum: number;
  maximum: number;
  /** Names that stand for numbers, the first for `minimum`. */
  names?: readonly string[];
}

const FIELDS: readonly Field[] = [
  { name: 'minute', minimum: 0, maximum: 59 },
  { name: 'hour', minimum: 0, maximum: 23 },
  { name: 'day of month', minimum: 1, maximum: 31 },
  { name: 'month', minimum: 1, maximum: 12, names: MONTHS },
  { name: 'day of week', minimum: 0, maximum: 6, names: DAYS },
];

const DESCRIPTORS = ['@yearly', '@annually', '@monthly', '@weekly', '@daily', '@midnight', '@hourly'];

/** What is wrong with a cron expression, or undefined: `minute 61 is not within 0 to 59`. Dates are not judged. */
export function cronProblem(expression: string): string | undefined {
  const text = expression.trim().replace(/^(CRON_)?TZ=\S+\s+/, '');
  if (text.startsWith('@every ')) {
    const interval = parseDurationMs(text.slice('@every '.length).trim());
    return interval !== undefined && interval > 0 ? undefined : '@every needs a duration such as 1h30m';
  }
  if (text.startsWith('@')) return DESCRIPTORS.includes(text) ? undefined : `${text} is not a known descriptor`;
  const fields = text.split(/\s+/).filter((field) => field !== '');
  if (fields.length !== FIELDS.length) return `it has ${fields.length} fields instead of 5`;
  for (const [index, field] of FIELDS.entries()) {
    for (const range of (fields[index] ?? '').split(',')) {
      const problem = rangeProblem(field, range.toLowerCase());
      if (problem !== undefined) return problem;
    }
  }
  return undefined;
}

function rangeProblem(field: Field, range: string): string | undefined {
  const match = /^(\*|\?|([a-z0-9]+)(?:-([a-z0-9]+))?)(?:\/([0-9]+))?$/.exec(range);
  if (!match) return `${field.name} '${range}' is not a number, range or *`;
  const [, all, low, high, step] = match;
  if (step !== undefined && Number(step) === 0) return `${field.name} step is 0`;
  if (all === '*' || all === '?') return undefined;
  const from = numberOf(field, low ?? '');
  const to = high === undefined ? from : numberOf(field, high);
  if (from === undefined || to === undefined)
    return `${field.name} ${range} is not within ${field.minimum} to ${field.maximum}`;
  return from <= to ? undefined : `${field.name} ${range} ends before it begins`;
}

function numberOf(field: Field, text: string): number | undefined {
  const index = field.names?.indexOf(text) ?? -1;
  if (index >= 0) return field.minimum + index;
  if (!/^[0-9]{1,3}$/.test(text)) return undefined;
  const value = Number(text);
  return value >= field.minimum && value <= field.maximum ? value : undefined;
}
