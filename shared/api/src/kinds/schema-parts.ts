/**
 * Pieces of the kinds' JSON schemas. Every piece is a structural schema (no $ref, const, oneOf, patternProperties), so
 * the same literal is the TypeScript type, the ajv schema and the CRD. Lists and maps are bounded: that is what keeps
 * CEL within its cost budget.
 */
import type { FromSchema } from 'json-schema-to-ts';

/** Longest URL that we accept; S3 keys end at 1,024 and NFS options are short. */
const URL_MAX = 4096;

/** A name of something in the cluster or the store: bounded so that CEL rules on it stay cheap. */
export function nameOf(description: string) {
  return { type: 'string', maxLength: 253, description } as const;
}

/** Free text. */
export function text(description: string) {
  return { type: 'string', description } as const;
}

/** A URL of a store or of something in it. */
export function url(description: string) {
  return { type: 'string', maxLength: URL_MAX, description } as const;
}

/** A size in bytes as a decimal string, Longhorn's form in every status: `"1073741824"`. */
export function bytes(description: string) {
  return { type: 'string', description: `${description} In bytes, as a decimal string.` } as const;
}

/** An RFC 3339 time; Longhorn writes `null` for none. */
export function time(description: string) {
  return { type: 'string', format: 'date-time', nullable: true, description: `${description} RFC 3339, UTC.` } as const;
}

/** A time copied from the store as text: RFC 3339 or empty. */
export function textTime(description: string) {
  return { type: 'string', description: `${description} RFC 3339, UTC; empty while unknown.` } as const;
}

/** A map from string to string; Longhorn writes `null` for none. */
export function stringMap(description: string) {
  return {
    type: 'object',
    nullable: true,
    maxProperties: 1024,
    additionalProperties: { type: 'string' },
    description,
  } as const;
}

/** True or false. */
export function flag(description: string) {
  return { type: 'boolean', description } as const;
}

/** `status.ownerID`: kept for Longhorn's sake, which stores a node name there. */
export const ownerId = text('Identity of the process that reconciled this object last (Longhorn: a node name).');

/** `spec.syncRequestedAt`. */
export const syncRequestedAt = time(
  'Set it to any new value to ask for a sync now; only a change counts, not the clock.',
);

/** Fields of every status of ours that are additions to Longhorn's. */
export const observed = {
  observedGeneration: {
    type: 'integer',
    format: 'int64',
    description: 'The metadata.generation that this status is about. A count, no unit.',
  },
} as const;

/** Addition to the status of kinds that have `spec.syncRequestedAt`. */
export const observedSync = {
  ...observed,
  observedSyncRequestedAt: {
    type: 'string',
    nullable: true,
    description: 'The value of spec.syncRequestedAt that was read when the last sync began, as text.',
  },
} as const;

/** `status.lastSyncedAt`. */
export const lastSyncedAt = time('When the last successful sync began.');

/** `status.conditions`. */
export const conditions = {
  type: 'array',
  nullable: true,
  maxItems: 64,
  description: 'What is true of this object now; see docs/objects.md for the types and reasons.',
  items: {
    type: 'object',
    properties: {
      type: { type: 'string', description: 'A state, e.g. Ready.' },
      status: { type: 'string', enum: ['True', 'False', 'Unknown'], description: 'Whether the state holds.' },
      lastProbeTime: { type: 'string', description: 'Always empty; kept because Longhorn has it.' },
      lastTransitionTime: { type: 'string', description: 'When status changed last. RFC 3339, UTC.' },
      reason: { type: 'string', description: 'A CamelCase fact that explains the status.' },
      message: { type: 'string', description: 'The same in plain words, with the cure.' },
    },
  },
} as const;

/** `status.state` of Backup and BackupBackingImage; empty means new. */
export const backupState = {
  type: 'string',
  enum: ['', 'Pending', 'InProgress', 'Completed', 'Error', 'Unknown', 'Deleting'],
  description: 'State of the backup; empty while new.',
} as const;

/** `status.progress`. */
export const progress = { type: 'integer', description: 'Progress in percent, 0 to 100.' } as const;

/** `status.messages`. */
export const messages = stringMap('Messages by severity: keys info and error.');

/** `spec.backupTargetName` of mirrored kinds. */
export const backupTargetName = {
  type: 'string',
  nullable: true,
  maxLength: 253,
  description: 'Name of the BackupTarget in the same namespace.',
} as const;

/** The type of a structural schema: as json-schema-to-ts derives it, but only with the declared members. */
export type TypeOf<S> = Declared<FromSchema<S & object, { keepDefaultedPropertiesOptional: true }>>;

/** Kubernetes prunes undeclared members; json-schema-to-ts adds an index signature for them. It is removed again. */
type Declared<T> = T extends (infer Item)[]
  ? Declared<Item>[]
  : T extends object
    ? { [K in keyof T as string extends K ? (unknown extends T[K] ? never : K) : K]: Declared<T[K]> }
    : T;
