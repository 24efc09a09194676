import { expect } from 'chai';
import { customResourceDefinition, openApiSchema } from './crd.ts';
import { kinds } from './kinds/index.ts';
import type { KindDefinition, StructuralSchema } from './kinds/kind.ts';

const ALLOWED = new Set([
  'type',
  'description',
  'nullable',
  'default',
  'enum',
  'format',
  'pattern',
  'minLength',
  'maxLength',
  'minimum',
  'maximum',
  'maxItems',
  'maxProperties',
  'required',
  'properties',
  'additionalProperties',
  'items',
  'x-kubernetes-preserve-unknown-fields',
  'x-kubernetes-validations',
]);

/** Every schema inside a kind, with its path. */
function* walk(schema: StructuralSchema, path: string): Generator<[path: string, schema: StructuralSchema]> {
  yield [path, schema];
  for (const [name, child] of Object.entries(schema.properties ?? {})) yield* walk(child, `${path}.${name}`);
  if (schema.items) yield* walk(schema.items, `${path}[]`);
  if (schema.additionalProperties) yield* walk(schema.additionalProperties, `${path}{}`);
}

const schemas = (kind: KindDefinition) => [...walk(openApiSchema(kind), kind.resource.kind)];

describe('the schema of every kind', () => {
  for (const kind of kinds) {
    describe(kind.resource.kind, () => {
      it('is structural: only keywords that the API server takes, a type everywhere', () => {
        for (const [path, schema] of schemas(kind)) {
          expect(schema.type, path).to.be.a('string');
          for (const keyword of Object.keys(schema)) expect(ALLOWED.has(keyword), `${path} ${keyword}`).to.equal(true);
          expect(Boolean(schema.properties) && Boolean(schema.additionalProperties), path).to.equal(false);
          expect(schema.type !== 'array' || schema.items !== undefined, path).to.equal(true);
        }
      });

      it('bounds every list and map, so that CEL stays cheap', () => {
        for (const [path, schema] of schemas(kind)) {
          if (schema.type === 'array') expect(schema.maxItems, path).to.be.a('number');
          if (schema.additionalProperties) expect(schema.maxProperties, path).to.be.a('number');
        }
      });

      it('bounds every text that a CEL rule compares', () => {
        for (const [path, schema] of schemas(kind)) {
          for (const { fieldPath } of schema['x-kubernetes-validations'] ?? []) {
            const field = fieldPath === undefined ? undefined : schema.properties?.[fieldPath.slice(1)];
            if (field)
              expect(field.maxLength !== undefined || field.enum !== undefined, `${path}${fieldPath}`).to.equal(true);
          }
        }
      });

      it('requires only members that exist, and never an enum that null may miss', () => {
        for (const [path, schema] of schemas(kind)) {
          for (const name of schema.required ?? []) expect(schema.properties, path).to.have.property(name);
          expect(Boolean(schema.enum) && Boolean(schema.nullable), path).to.equal(false);
        }
      });

      it('describes every member', () => {
        for (const [path, schema] of schemas(kind)) {
          const needsNone = path.endsWith('.metadata') || path.endsWith('[]') || path.endsWith('{}');
          if (!needsNone) expect(schema.description, path).to.be.a('string').and.not.equal('');
        }
      });

      it('has a condition list, a status subresource and the group of Longhorn', () => {
        expect(schemas(kind).map(([path]) => path)).to.include(`${kind.resource.kind}.status.conditions`);
        const text = JSON.stringify(customResourceDefinition(kind));
        expect(text)
          .to.include('"subresources":{"status":{}}')
          .and.to.include(`"name":"${kind.resource.plural}.longhorn.io"`);
      });
    });
  }

  it('has the plural and short names of Longhorn', () => {
    expect(kinds.map(({ resource, shortName }) => [resource.kind, resource.plural, shortName])).to.deep.equal([
      ['BackupTarget', 'backuptargets', 'lhbt'],
      ['BackupVolume', 'backupvolumes', 'lhbv'],
      ['Backup', 'backups', 'lhb'],
      ['BackupBackingImage', 'backupbackingimages', 'lhbbi'],
      ['SystemBackup', 'systembackups', 'lhsb'],
      ['Volume', 'volumes', 'lhv'],
      ['Snapshot', 'snapshots', 'lhsnap'],
      ['RecurringJob', 'recurringjobs', 'lhrj'],
      ['Setting', 'settings', 'lhs'],
    ]);
  });
});
