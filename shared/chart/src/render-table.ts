import { sentence } from './render-yaml.ts';
import type { ValueSchema } from './value-schema.ts';

/**
 * The rows of the README's table of values: `| key | default | description |`. Groups of the same shape (the components) are
 * described once, under `<component>`, and their defaults that differ stand in values.yaml.
 */
export function valuesTable(values: Readonly<Record<string, ValueSchema>>, components: ReadonlySet<string>): string {
  const [first] = components;
  const rows = Object.entries(values).flatMap(([key, value]) => {
    if (!components.has(key)) return rowsOf(key, value);
    return key === first ? rowsOf('<component>', value) : [];
  });
  return ['| value | default | |', '|---|---|---|', ...rows].join('\n');
}

function rowsOf(path: string, value: ValueSchema): string[] {
  if (value.properties !== undefined) {
    return Object.entries(value.properties).flatMap(([key, inner]) => rowsOf(`${path}.${key}`, inner));
  }
  return [`| \`${path}\` | ${defaultText(value.default)} | ${escape(sentence(value))} |`];
}

function defaultText(value: unknown): string {
  if (value === '' || value === null || value === undefined) return '';
  return `\`${escape(typeof value === 'string' ? value : JSON.stringify(value))}\``;
}

/** For a cell of a Markdown table. */
function escape(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('<', '&lt;');
}
