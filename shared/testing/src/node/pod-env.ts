import { PodRefused, PodWaits, type Container, type EnvVariable, type KeyReference, type Pod } from './pod.ts';
import type { KeyedData, PodSources } from './pod-sources.ts';

/** The variables of a container: those of `envFrom`, then its own, in order. Throws PodRefused, PodWaits. */
export async function containerEnv(
  pod: Pod,
  container: Container,
  sources: PodSources,
): Promise<Record<string, string>> {
  const values = await envFrom(container, sources);
  for (const variable of container.env ?? []) {
    const value = variable.valueFrom
      ? await referenced(pod, variable, sources)
      : expandVariables(variable.value ?? '', values);
    if (value !== undefined) values[variable.name] = value;
  }
  return values;
}

async function envFrom(container: Container, sources: PodSources): Promise<Record<string, string>> {
  const values: Record<string, string> = {};
  for (const { prefix = '', secretRef, configMapRef } of container.envFrom ?? []) {
    const found = [
      secretRef && (await sources.secret(secretRef.name, secretRef.optional)),
      configMapRef && (await sources.configMap(configMapRef.name, configMapRef.optional)),
    ];
    for (const data of found) {
      for (const [key, content] of Object.entries(data ?? {})) values[prefix + key] = content.toString('utf8');
    }
  }
  return values;
}

/** `$(NAME)` becomes the value of a known variable, `$$` becomes `$`, as in Kubernetes. */
export function expandVariables(text: string, values: Readonly<Record<string, string>>): string {
  return text.replace(/\$\$|\$\(([^()]+)\)/g, (match, name: string | undefined) =>
    name === undefined ? '$' : (values[name] ?? match),
  );
}

async function referenced(pod: Pod, variable: EnvVariable, sources: PodSources): Promise<string | undefined> {
  const { secretKeyRef, configMapKeyRef, fieldRef } = variable.valueFrom ?? {};
  if (secretKeyRef) return keyOf(secretKeyRef, await sources.secret(secretKeyRef.name, secretKeyRef.optional));
  if (configMapKeyRef) {
    return keyOf(configMapKeyRef, await sources.configMap(configMapKeyRef.name, configMapKeyRef.optional));
  }
  if (fieldRef) return fieldOf(pod, fieldRef.fieldPath);
  const kind = Object.keys(variable.valueFrom ?? {}).join();
  throw new PodRefused(`variable ${variable.name}: this node has no '${kind}'`);
}

function keyOf(ref: KeyReference, data: KeyedData | undefined): string | undefined {
  const content = data?.[ref.key];
  if (content === undefined && ref.optional !== true) {
    throw new PodWaits('CreateContainerConfigError', `couldn't find key ${ref.key} in ${ref.name}`);
  }
  return content?.toString('utf8');
}

function fieldOf({ metadata, spec }: Pod, path: string): string {
  const fields: Record<string, string | undefined> = {
    'metadata.name': metadata.name,
    'metadata.namespace': metadata.namespace,
    'metadata.uid': metadata.uid,
    'spec.nodeName': spec.nodeName,
    'spec.serviceAccountName': spec.serviceAccountName,
    'status.hostIP': '127.0.0.1',
    'status.podIP': '127.0.0.1',
  };
  const [, map, key = ''] = /^metadata\.(labels|annotations)\['([^']+)'\]$/.exec(path) ?? [];
  if (map === 'labels' || map === 'annotations') return metadata[map]?.[key] ?? '';
  const value = fields[path];
  if (value === undefined) throw new PodRefused(`this node does not know the field '${path}' of a Pod`);
  return value;
}
