/** What can be said of Pods: of all, and of one component's. */
import { group, kubernetesObject, list, text, textMap } from '../value-schema.ts';
import type { ValueSchema } from '../value-schema.ts';

/** An environment variable of a container, as Kubernetes has it: `{name, value}` or `{name, valueFrom}`. */
const ENVIRONMENT_ITEM = { type: 'object', required: ['name'], properties: { name: { type: 'string', minLength: 1 } } };

/** Labels that the chart sets itself and selects by. */
const RESERVED_LABELS = '^(app\\.kubernetes\\.io/(name|instance|component|version|managed-by)|helm\\.sh/chart)$';

/** Labels besides the chart's own. */
export const extraLabels = { propertyNames: { not: { pattern: RESERVED_LABELS } } };

/** Values of every Pod, hook Jobs included; a component's own are added to them (lists) or win over them (the others). */
export const podValues = {
  podLabels: textMap('Further labels of every Pod', extraLabels),
  podAnnotations: textMap('Annotations of every Pod'),
  nodeSelector: textMap('Labels of the nodes that Pods may run on'),
  tolerations: list('Taints of nodes that Pods tolerate', { items: { type: 'object' } }),
  affinity: kubernetesObject('Affinity of Pods. They are spread over nodes and zones without it'),
  priorityClassName: text(
    'PriorityClass of Pods. Without the webhooks, none of our objects can be written: where nodes are full, use system-cluster-critical (some providers ask for a ResourceQuota first)',
  ),
  extraEnv: list(
    "Further environment variables of every container, for example HTTPS_PROXY and NO_PROXY; they win over the chart's own",
    {
      items: ENVIRONMENT_ITEM,
    },
  ),
} satisfies Record<string, ValueSchema>;

/** Security of every Pod and container: the Pod Security Standard `restricted`. */
export const securityValues = {
  podSecurityContext: kubernetesObject(
    'securityContext of every Pod. On OpenShift, set runAsUser and runAsGroup to null: it gives a user of its own',
    {
      default: {
        runAsNonRoot: true,
        runAsUser: 65532,
        runAsGroup: 65532,
        seccompProfile: { type: 'RuntimeDefault' },
      },
    },
  ),
  securityContext: kubernetesObject('securityContext of every container', {
    default: { allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: { drop: ['ALL'] } },
  }),
} satisfies Record<string, ValueSchema>;

const ownImage = group("This component's own image, when it is not the common one", {
  repository: text('Full name, with the registry. Example: registry.example.com/mooring/target-controller'),
  tag: text('Tag of the image'),
  digest: text('Digest; it wins over a tag', { pattern: '^$|^sha256:[0-9a-f]{64}$' }),
});

/** What a component is made of. */
export interface ComponentOptions {
  readonly description: string;
  readonly resources: object;
  /** How `resources` was found. */
  readonly measured: string;
  /** False: Jobs, which have no replicas. */
  readonly isDeployed?: boolean;
  /** Whether it has a ServiceAccount as long as the release is there. */
  readonly hasAccount?: boolean;
  /** Further values that only it has. */
  readonly more?: Readonly<Record<string, ValueSchema>>;
}

/** The values of one component. */
export function component(options: ComponentOptions): ValueSchema {
  const { description, resources, measured, isDeployed = true, hasAccount = isDeployed, more = {} } = options;
  return group(description, {
    ...(isDeployed
      ? {
          replicas: {
            type: 'integer',
            description: 'Number of Pods. One is enough for a trial; with two, a node can go without a pause',
            minimum: 0,
            default: 2,
          },
        }
      : {}),
    image: ownImage,
    resources: kubernetesObject(measured, { default: resources }),
    podLabels: textMap('Further labels of its Pods', extraLabels),
    podAnnotations: textMap('Further annotations of its Pods'),
    ...(hasAccount
      ? {
          serviceAccountAnnotations: textMap(
            'Annotations of its ServiceAccount, by which a cloud gives it an identity, for example eks.amazonaws.com/role-arn. The three controllers and the mover need it where the Secrets of targets hold no keys',
          ),
        }
      : {}),
    nodeSelector: textMap('Further labels of the nodes that its Pods may run on'),
    tolerations: list('Further taints that its Pods tolerate', { items: { type: 'object' } }),
    affinity: kubernetesObject('Affinity of its Pods'),
    priorityClassName: text('PriorityClass of its Pods'),
    extraEnv: list('Further environment variables of its containers', { items: ENVIRONMENT_ITEM }),
    ...more,
  });
}

/** Security of the mover's Pods where it is not that of the others. */
export const moverSecurityValues = {
  podSecurityContext: kubernetesObject(
    'Members put over the common podSecurityContext: whoever may read and write the data of the volumes, for example {runAsUser: 0, runAsGroup: 0, runAsNonRoot: false} for files of root',
  ),
  securityContext: kubernetesObject('Members put over the common securityContext'),
} satisfies Record<string, ValueSchema>;
