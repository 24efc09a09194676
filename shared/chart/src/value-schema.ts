import type { SettingSchema } from '@mooring/config';

type JsonType = 'string' | 'integer' | 'number' | 'boolean' | 'array' | 'object' | 'null';

/** One value of the chart: a JSON schema (draft 7), with what the documents need. */
export interface ValueSchema {
  readonly type: JsonType | readonly JsonType[];
  /** Sentences without a full stop at the end: what it does, unit, range, an example. */
  readonly description: string;
  /** Of a leaf. A group (`properties`) has none: its members have. */
  readonly default?: unknown;
  /** Makes it a group; no other members are allowed. */
  readonly properties?: Readonly<Record<string, ValueSchema>>;
  /** The services' environment variable that it ends in. */
  readonly variable?: string;
  readonly enum?: readonly unknown[];
  readonly minimum?: number;
  readonly maximum?: number;
  readonly minLength?: number;
  readonly pattern?: string;
  readonly minItems?: number;
  readonly uniqueItems?: boolean;
  readonly items?: object;
  readonly additionalProperties?: object;
  readonly propertyNames?: object;
  readonly oneOf?: readonly object[];
}

/** What may be said of a value besides its description. */
type More = Partial<Omit<ValueSchema, 'type' | 'description'>>;

/** A group of values. */
export function group(description: string, properties: Readonly<Record<string, ValueSchema>>): ValueSchema {
  return { type: 'object', description, properties };
}

/** A text; default empty. */
export function text(description: string, more: More = {}): ValueSchema {
  return { type: 'string', description, default: '', ...more };
}

/** True or false; default false. */
export function flag(description: string, more: More = {}): ValueSchema {
  return { type: 'boolean', description, default: false, ...more };
}

/** A list; default empty. */
export function list(description: string, more: More = {}): ValueSchema {
  return { type: 'array', description, default: [], ...more };
}

/** A list of texts, none of them empty. */
export function texts(description: string, more: More = {}): ValueSchema {
  return list(description, { items: { type: 'string', minLength: 1 }, ...more });
}

/** An object of Kubernetes' own, which the API server checks; default empty. */
export function kubernetesObject(description: string, more: More = {}): ValueSchema {
  return { type: 'object', description, default: {}, ...more };
}

/** Texts by key, as labels and annotations are; default none. */
export function textMap(description: string, more: More = {}): ValueSchema {
  return { type: 'object', description, default: {}, additionalProperties: { type: 'string' }, ...more };
}

/**
 * A setting of the services as a value of the chart: its type, range, choices, default and words, so that the chart refuses
 * what the services would. A setting without a default is an empty text unless `more` says otherwise.
 */
export function fromSetting(setting: SettingSchema, more: More & { readonly description?: string } = {}): ValueSchema {
  const { description, pattern, ...rest } = setting;
  const isOptional = rest.type === 'string' && rest.default === undefined;
  return {
    ...rest,
    description: description.charAt(0).toUpperCase() + description.slice(1),
    ...(isOptional ? { default: '' } : {}),
    // An empty value means "not set".
    ...(pattern === undefined ? {} : { pattern: isOptional ? `^$|${pattern}` : pattern }),
    ...more,
  };
}
