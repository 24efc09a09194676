import { FINALIZER, type ObjectMeta, type ResourceType } from '@mooring/api';
import type { Clock } from './clock.ts';
import { Controller } from './controller.ts';
import { hasFinalizer, removeFinalizer } from './finalizers.ts';
import { createInformer, type CachedObject, type Informer } from './informer.ts';
import type { KubeClient } from './kube-client.ts';
import type { Log, Metrics } from './observe.ts';
import type { Outcome } from './outcome.ts';

/** Kinds that carry Longhorn's finalizer and that no controller of this version works on. */
export interface UnownedKindsOptions {
  /** Fenced, where there is a leader. */
  readonly client: KubeClient;
  /** The object namespace. */
  readonly namespace: string;
  readonly types: readonly ResourceType[];
  /** Of the controller: `volume-release`. */
  readonly name: string;
  readonly clock?: Clock | undefined;
  readonly log?: Log | undefined;
  readonly metrics?: Metrics | undefined;
}

/** What is kept of such an object. */
type Entry = CachedObject & { readonly metadata: ObjectMeta };

/** The part of a ControllerGroup that lets such objects go. */
export interface UnownedKinds {
  /** By `unowned-<plural>`: a service has caches of its own called `volumes`. */
  readonly caches: Readonly<Record<string, Informer<Entry>>>;
  readonly controller: Controller;
}

/**
 * Lets objects of these kinds go when they are deleted: takes our finalizer, which a Longhorn's manifest or backup tool may have brought along,
 * off those that are being deleted, and touches no other. Without it they, and a namespace with them, would wait for ever for a Longhorn that
 * is not there. MUST NOT run beside a Longhorn, which has work to do before such an object goes. Nothing in a store is touched.
 */
export function releaseUnownedKinds(options: UnownedKindsOptions): UnownedKinds {
  const { client, namespace, types, name, clock, log, metrics } = options;
  const caches = Object.fromEntries(
    types.map((type): [string, Informer<Entry>] => [
      cacheName(type),
      createInformer<Entry>({
        ...{ client, type, namespace, clock, log, metrics },
        metadataOnly: true,
        transform: ({ metadata }) => ({ metadata: essentialsOf(metadata) }),
        onChange: ({ key, new: object }) => {
          if (object !== undefined && isHeld(object)) controller.enqueue(`${type.plural}/${key}`);
        },
      }),
    ]),
  );
  const release = async (key: string): Promise<Outcome> => {
    const slash = key.indexOf('/');
    const type = types.find(({ plural }) => plural === key.slice(0, slash));
    const object = type === undefined ? undefined : caches[cacheName(type)]?.getByKey(key.slice(slash + 1));
    if (type !== undefined && object !== undefined && isHeld(object)) {
      await removeFinalizer({ client, type, object, finalizer: FINALIZER });
    }
    return { result: 'done' };
  };
  const controller = new Controller({ name, reconcile: release, clock, log, metrics });
  return { caches, controller };
}

function cacheName({ plural }: ResourceType): string {
  return `unowned-${plural}`;
}

function isHeld(object: Entry): boolean {
  return Boolean(object.metadata.deletionTimestamp) && hasFinalizer(object, FINALIZER);
}

function essentialsOf(metadata: ObjectMeta): ObjectMeta {
  const { name, namespace, uid, resourceVersion, deletionTimestamp, finalizers } = metadata;
  return { name, namespace, uid, resourceVersion, deletionTimestamp, finalizers } as ObjectMeta;
}
