import { parse } from 'yaml';

/** The value of a YAML document. Throws YAMLParseError. A file of its own, to be loaded by `import()` when it is needed: 13 MiB. */
export function parseYaml(text: string): unknown {
  return parse(text) as unknown;
}
