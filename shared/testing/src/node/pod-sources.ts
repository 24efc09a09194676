import { ApiRequestError, type ApiClient } from '../kube/api-client.ts';
import { PodWaits } from './pod.ts';

/** Keys and contents of a Secret or ConfigMap. */
export type KeyedData = Readonly<Record<string, Buffer>>;

/** Reads what Pods refer to, at the moment that they start. */
export interface PodSources {
  /** Undefined: there is none, and it is optional; else throws PodWaits. */
  secret(name: string, isOptional?: boolean): Promise<KeyedData | undefined>;
  configMap(name: string, isOptional?: boolean): Promise<KeyedData | undefined>;
}

interface DataObject {
  data?: Record<string, string>;
  binaryData?: Record<string, string>;
}

function decoded(data: Record<string, string> | undefined, encoding: BufferEncoding): Record<string, Buffer> {
  return Object.fromEntries(Object.entries(data ?? {}).map(([key, text]) => [key, Buffer.from(text, encoding)]));
}

/** The Secrets and ConfigMaps of a namespace. */
export function podSources(api: ApiClient, namespace: string): PodSources {
  const read = async (plural: string, name: string, isOptional: boolean): Promise<DataObject | undefined> => {
    try {
      return await api.request<DataObject>({ path: `/api/v1/namespaces/${namespace}/${plural}/${name}` });
    } catch (error) {
      if (!(error instanceof ApiRequestError && error.status === 404)) throw error;
      if (isOptional) return undefined;
      throw new PodWaits('CreateContainerConfigError', `${plural.slice(0, -1)} "${name}" not found`);
    }
  };
  return {
    secret: async (name, isOptional = false) => {
      const found = await read('secrets', name, isOptional);
      return found && decoded(found.data, 'base64');
    },
    configMap: async (name, isOptional = false) => {
      const found = await read('configmaps', name, isOptional);
      return found && { ...decoded(found.data, 'utf8'), ...decoded(found.binaryData, 'base64') };
    },
  };
}
