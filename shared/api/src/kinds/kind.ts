/** What one kind is made of; everything that is generated (type, validator, CRD, documentation) comes from it. */
import { GROUP, VERSION } from '../labels.ts';
import type { ResourceType } from '../resource.ts';

/** A CEL rule: `x-kubernetes-validations` entry. */
export interface CelRule {
  readonly rule: string;
  readonly message: string;
  readonly fieldPath?: string;
  readonly reason?: 'FieldValueInvalid' | 'FieldValueForbidden' | 'FieldValueRequired';
}

/** A structural JSON schema, as far as these kinds use it. */
export interface StructuralSchema {
  readonly type: 'object' | 'array' | 'string' | 'integer' | 'boolean';
  readonly description?: string;
  readonly nullable?: boolean;
  readonly default?: unknown;
  readonly enum?: readonly string[];
  readonly format?: string;
  readonly pattern?: string;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly maxItems?: number;
  readonly maxProperties?: number;
  readonly required?: readonly string[];
  readonly properties?: Readonly<Record<string, StructuralSchema>>;
  readonly additionalProperties?: StructuralSchema;
  readonly items?: StructuralSchema;
  readonly 'x-kubernetes-preserve-unknown-fields'?: true;
  readonly 'x-kubernetes-validations'?: readonly CelRule[];
}

/** A column of `kubectl get`. `priority` 1 shows only with `-o wide`. */
export interface PrinterColumn {
  readonly name: string;
  readonly jsonPath: string;
  readonly type: 'string' | 'date' | 'integer' | 'boolean';
  readonly description: string;
  readonly priority?: 1;
}

/** One kind: its place in the API, its schema, its columns. */
export interface KindDefinition {
  readonly resource: ResourceType;
  readonly singular: string;
  readonly shortName: string;
  /** One sentence for `kubectl explain` and the documentation. */
  readonly description: string;
  readonly columns: readonly PrinterColumn[];
  /** Schemas of the top-level members beside apiVersion, kind and metadata. */
  readonly properties: Readonly<Record<string, StructuralSchema>>;
  readonly required: readonly string[];
  /** CEL rules of the whole object (only `metadata.name` of the metadata is visible to them). */
  readonly rules: readonly CelRule[];
}

/** The place of a namespaced kind of `longhorn.io/v1beta2`. */
export function longhornResource(kind: string, plural: string): ResourceType {
  return { group: GROUP, version: VERSION, plural, kind, namespaced: true };
}

/** A column that shows the status of condition `Ready`. */
export const readyColumn: PrinterColumn = {
  name: 'Ready',
  type: 'string',
  jsonPath: ".status.conditions[?(@.type=='Ready')].status",
  description: 'Whether condition Ready holds',
};

/** A column that shows the age of the object. */
export const ageColumn: PrinterColumn = {
  name: 'Age',
  type: 'date',
  jsonPath: '.metadata.creationTimestamp',
  description: 'Age of the object',
};
