/** CustomResourceDefinitions from the kinds: what the chart installs. */
import type { KindDefinition, StructuralSchema } from './kinds/kind.ts';
import { ANNOTATION_CRD_VERSION } from './labels.ts';
import { MOORING_VERSION } from './version.ts';

/** A plain JSON object, as it goes into YAML. */
export type Manifest = Readonly<Record<string, unknown>>;

/**
 * The CRD of one kind: one served and stored version, status subresource, structural schema. It names the release that
 * wrote it, so that an older one leaves it alone. Whoever puts it into a helm release keeps it at an uninstall
 * (`helm.sh/resource-policy`), because deleting a CRD deletes every object of it.
 */
export function customResourceDefinition(kind: KindDefinition): Manifest {
  const { group, version, plural, kind: name } = kind.resource;
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: {
      name: `${plural}.${group}`,
      labels: { 'longhorn-manager': '' },
      annotations: { [ANNOTATION_CRD_VERSION]: MOORING_VERSION, 'helm.sh/resource-policy': 'keep' },
    },
    spec: {
      group,
      scope: 'Namespaced',
      names: { kind: name, listKind: `${name}List`, plural, singular: kind.singular, shortNames: [kind.shortName] },
      versions: [
        {
          name: version,
          served: true,
          storage: true,
          subresources: { status: {} },
          additionalPrinterColumns: kind.columns.map((column) => ({ ...column })),
          schema: { openAPIV3Schema: openApiSchema(kind) },
        },
      ],
    },
  };
}

/** The structural schema of the whole object; also what the ajv validator compiles. */
export function openApiSchema(kind: KindDefinition): StructuralSchema {
  return {
    type: 'object',
    description: kind.description,
    ...(kind.required.length > 0 ? { required: kind.required } : {}),
    properties: {
      apiVersion: { type: 'string', description: 'Version of the schema of this object.' },
      kind: { type: 'string', description: 'Kind of this object.' },
      metadata: { type: 'object' },
      ...kind.properties,
    },
    ...(kind.rules.length > 0 ? { 'x-kubernetes-validations': kind.rules } : {}),
  };
}
