import { setTimeout as delay } from 'node:timers/promises';
import { ApiRequestError, type ApiClient } from '../kube/api-client.ts';

/** An object of the sample, as far as it is looked at. */
export interface SampleObject {
  metadata: { name: string };
  spec?: { source?: { file?: { path: string } } };
  status?: {
    readyToUse?: boolean;
    state?: string;
    error?: string;
    url?: string;
    lastBackup?: string;
    lastRestoredBackup?: string;
    restoreRequired?: boolean;
    restoreError?: string;
  };
}

const PLURALS = { BackupTarget: 'backuptargets', Volume: 'volumes', Snapshot: 'snapshots', Backup: 'backups' } as const;

type Kind = keyof typeof PLURALS;

/** Hands that make the sample's objects, and wait for what becomes of them. */
export interface SampleObjects {
  /** Undefined: there is none. */
  read(kind: Kind, name: string): Promise<SampleObject | undefined>;
  /** Creates an object unless it is there. Tries again while a webhook is away. */
  create(kind: Kind, name: string, parts: { spec: object; labels?: Record<string, string> }): Promise<void>;
  /** Waits until `check` holds. Throws after two minutes, with what the object's status says. */
  until(kind: Kind, name: string, check: (object: SampleObject) => boolean): Promise<SampleObject>;
}

/** Where the objects are. */
export interface SampleObjectsInput {
  api: ApiClient;
  /** `/apis/longhorn.io/v1beta2/namespaces/<namespace>` */
  path: string;
  namespace: string;
  signal: AbortSignal;
}

/** A step takes a second or two; longer than this means that something is wrong. */
const TIMEOUT_MS = 120_000;

const LOOK_MS = 250;

/** Makes the hands. */
export function sampleObjects({ api, path, namespace, signal }: SampleObjectsInput): SampleObjects {
  /** Calls `attempt` until it gives something. */
  const insist = async <T>(what: string, attempt: () => Promise<T | undefined>): Promise<T> => {
    const deadlineMs = performance.now() + TIMEOUT_MS;
    for (;;) {
      let cause: unknown;
      try {
        const found = await attempt();
        if (found !== undefined) return found;
      } catch (error) {
        cause = error;
      }
      if (performance.now() > deadlineMs) throw new Error(`failed to see ${what} within 2 minutes`, { cause });
      await delay(LOOK_MS, undefined, { signal });
    }
  };
  const read = (kind: Kind, name: string) =>
    api.request<SampleObject>({ path: `${path}/${PLURALS[kind]}/${name}` }).catch((error: unknown) => {
      if (error instanceof ApiRequestError && error.status === 404) return undefined;
      throw error;
    });
  return {
    read,
    create: async (kind, name, { spec, labels = {} }) => {
      const body = { apiVersion: 'longhorn.io/v1beta2', kind, metadata: { name, namespace, labels }, spec };
      await insist(`${kind} '${name}' accepted`, async () => {
        if ((await read(kind, name)) !== undefined) return true;
        await api.request({ method: 'POST', path: `${path}/${PLURALS[kind]}`, body });
        return true;
      });
    },
    until: async (kind, name, check) => {
      let last: SampleObject | undefined;
      try {
        return await insist(`the end of ${kind} '${name}'`, async () => {
          last = await read(kind, name);
          return last !== undefined && check(last) ? last : undefined;
        });
      } catch (cause) {
        signal.throwIfAborted();
        const { state = '', error = '', restoreError = '' } = last?.status ?? {};
        throw new Error(
          `failed to see the end of ${kind} '${name}': ${[state, error, restoreError].join(' ').trim()}`,
          {
            cause,
          },
        );
      }
    },
  };
}
