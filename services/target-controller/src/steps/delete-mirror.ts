/** Deletes objects that mirror a store, and never anything in the store. */
import { LABEL_DELETE_CR_ONLY } from '@mooring/api';
import type { ObjectMeta, ResourceType } from '@mooring/api';
import { isConflict, isNotFound } from '@mooring/runtime';
import type { KubeClient } from '@mooring/runtime';

/** An object as far as its deletion goes. */
export interface Deletable {
  readonly metadata: ObjectMeta;
}

/**
 * Labels the object so that no one takes its deletion for a wish to delete remote data, then deletes that very object (by UID). May be
 * called again; an object that is gone, or is another one by now, is no error. When it returns, `deletionTimestamp` is set or it is gone.
 */
export async function deleteMirror(client: KubeClient, type: ResourceType, object: Deletable): Promise<void> {
  const { name, namespace, uid, labels, deletionTimestamp } = object.metadata;
  const ref = { namespace, name };
  try {
    if (labels?.[LABEL_DELETE_CR_ONLY] !== 'true') {
      const metadata = { ...(uid === undefined ? {} : { uid }), labels: { [LABEL_DELETE_CR_ONLY]: 'true' } };
      await client.patch(type, ref, { metadata }, { kind: 'merge' });
    }
    if (!deletionTimestamp) await client.delete(type, ref, uid === undefined ? {} : { uid });
  } catch (error) {
    if (!isNotFound(error) && !isConflict(error)) throw error;
  }
}
