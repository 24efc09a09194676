import { readFileSync } from 'node:fs';
import { Ajv } from 'ajv';
import type { ErrorObject } from 'ajv';
import type { FromSchema, JSONSchema } from 'json-schema-to-ts';
import { ConfigError } from './config-error.ts';

/** One setting: a JSON schema of a flat value, plus the environment variable that sets it. */
export interface SettingSchema {
  readonly type: 'string' | 'integer' | 'number' | 'boolean' | 'array' | 'object';
  /** Its environment variable: `MOORING_HEALTH_PORT`. */
  readonly variable: string;
  /** One sentence: what it does, unit, range. */
  readonly description: string;
  readonly default?: unknown;
  readonly enum?: readonly unknown[];
  readonly minimum?: number;
  readonly maximum?: number;
  readonly minLength?: number;
  readonly pattern?: string;
  readonly items?: { readonly type: 'string'; readonly enum?: readonly string[] };
  readonly additionalProperties?: { readonly type: 'string' };
}

/** A process's configuration: its settings by property name. */
export interface ConfigSchema {
  readonly type: 'object';
  readonly additionalProperties: false;
  readonly properties: Readonly<Record<string, SettingSchema>>;
  readonly required?: readonly string[];
}

/** Where settings come from; a later one wins: the schema's defaults, `defaults`, `file`, `env`. */
export interface ConfigSources {
  /** Usually `process.env`. An empty variable counts as absent. A list is written with commas: `s3,azblob`; an object as JSON. */
  env: Readonly<Record<string, string | undefined>>;
  /** Path of a mounted JSON file, an object with the properties' names as members. */
  file?: string | undefined;
  /** Defaults that are known only at run time. */
  defaults?: Readonly<Record<string, unknown>>;
}

/** The typed configuration that a schema (`as const`) describes; settings with a default are always there. */
export type ConfigOf<S extends ConfigSchema> = S extends JSONSchema ? FromSchema<S> : never;

/**
 * Reads, converts and checks a process's configuration. Nothing is read after this, so it cannot change while running.
 * Throws ConfigError with one line for each wrong setting: the variable, what is wrong, the cure.
 */
export function loadConfig<const S extends ConfigSchema>(schema: S, sources: ConfigSources): ConfigOf<S> {
  const values = {
    ...sources.defaults,
    ...(sources.file ? readConfigFile(sources.file, schema) : {}),
    ...readEnvironment(schema, sources.env),
  };
  const ajv = new Ajv({ coerceTypes: true, useDefaults: true, allErrors: true, keywords: ['variable'] });
  const validate = ajv.compile<ConfigOf<S>>(schema);
  if (validate(values)) return values;
  throw new ConfigError((validate.errors ?? []).map((error) => describeProblem(schema, error)));
}

function readEnvironment(schema: ConfigSchema, env: ConfigSources['env']): Record<string, unknown> {
  const values: Record<string, unknown> = {};
  for (const [property, { variable, type }] of Object.entries(schema.properties)) {
    const text = env[variable]?.trim();
    if (text) values[property] = parseValue(type, text);
  }
  return values;
}

function parseValue(type: SettingSchema['type'], text: string): unknown {
  if (type === 'array') return splitList(text);
  if (type !== 'object') return text;
  try {
    return JSON.parse(text);
  } catch {
    return text; // The schema refuses it, with the variable's name.
  }
}

function splitList(text: string): string[] {
  return text
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '');
}

function readConfigFile(file: string, schema: ConfigSchema): object {
  const known = Object.keys(schema.properties).join(', ');
  try {
    const content: unknown = JSON.parse(readFileSync(file, 'utf8'));
    if (typeof content === 'object' && content !== null && !Array.isArray(content)) return content;
  } catch (error) {
    throw new ConfigError([`failed to read configuration file '${file}': mount a JSON object with ${known}`], error);
  }
  throw new ConfigError([
    `failed to read configuration file '${file}': it holds no JSON object; its members are ${known}`,
  ]);
}

function describeProblem(schema: ConfigSchema, error: ErrorObject): string {
  const [, property = ''] = error.instancePath.split('/');
  const setting = schema.properties[property];
  if (setting) return `${setting.variable} ${problem(error)}: set it to ${cure(setting)}`;
  if (error.keyword === 'required') return describeMissing(schema, String(error.params['missingProperty']));
  const unknown = String(error.params['additionalProperty']);
  return `the configuration file's member '${unknown}' is unknown: remove it, or use ${Object.keys(schema.properties).join(', ')}`;
}

function describeMissing(schema: ConfigSchema, property: string): string {
  const setting = schema.properties[property];
  return `${setting?.variable ?? property} is not set: set it to ${setting ? cure(setting) : 'a value'}`;
}

function problem({ keyword, message, params }: ErrorObject): string {
  if (keyword === 'type') return `is not of type ${String(params['type'])}`;
  return message ?? `breaks the rule '${keyword}'`;
}

/** What a valid value looks like: `one of info, warn`, `an integer from 0 to 65535 (the port …)`. */
function cure({ type, enum: values, items, minimum, maximum, description }: SettingSchema): string {
  const choices = values ?? items?.enum;
  const range = minimum === undefined ? '' : ` from ${minimum}${maximum === undefined ? ' up' : ` to ${maximum}`}`;
  const shape = choices
    ? `${type === 'array' ? 'a comma-separated list of' : 'one of'} ${choices.join(', ')}`
    : `${ARTICLES[type]}${range}`;
  return `${shape} (${description})`;
}

const ARTICLES = {
  string: 'a text',
  integer: 'an integer',
  number: 'a number',
  boolean: 'true or false',
  array: 'a comma-separated list',
  object: 'a JSON object',
} as const;
