/**
 * Checks objects against the schema of their kind in this process, as the API server would (without CEL and pruning).
 * A subpath of its own (`@mooring/api/schema-validator`), because ajv costs memory that controllers can save.
 */
import { Ajv, type ValidateFunction } from 'ajv';
import ajvFormats from 'ajv-formats';
import { openApiSchema } from './crd.ts';
import { kinds, type KindName } from './kinds/index.ts';

const compiled = new Map<KindName, ValidateFunction>();
let ajv: Ajv | undefined;

/**
 * What is wrong with `object` as a `kind`, each as `<path> <problem>`, e.g. `/spec/pollInterval must match pattern …`;
 * empty when it is valid. Schemas are compiled at first use (about 30 ms each).
 */
export function schemaProblems(kind: KindName, object: unknown): string[] {
  const check = compiled.get(kind) ?? compile(kind);
  if (check(object)) return [];
  return (check.errors ?? []).map((error) => `${error.instancePath || '/'} ${error.message ?? error.keyword}`);
}

function compile(kind: KindName): ValidateFunction {
  ajv ??= newAjv();
  const definition = kinds.find((candidate) => candidate.resource.kind === kind);
  if (!definition) throw new Error(`failed to compile schema '${kind}': no such kind; use one of @mooring/api's kinds`);
  const check = ajv.compile(openApiSchema(definition));
  compiled.set(kind, check);
  return check;
}

function newAjv(): Ajv {
  const instance = new Ajv({ allErrors: true, strict: true, strictTypes: false, strictRequired: false });
  instance.addVocabulary(['x-kubernetes-validations', 'x-kubernetes-preserve-unknown-fields']);
  ajvFormats.default(instance, ['date-time', 'int64']);
  return instance;
}
