/**
 * The shapes that every Kubernetes object of this project shares. Types only: objects are plain JSON as the API server
 * sent them, never class instances, so that unknown fields survive.
 */

/** One owner reference, as in `metadata.ownerReferences`. Longhorn never sets `controller` or `blockOwnerDeletion`. */
export interface OwnerReference {
  apiVersion: string;
  kind: string;
  name: string;
  uid: string;
  controller?: boolean;
  blockOwnerDeletion?: boolean;
}

/** `metadata` of an object. Times are RFC 3339 in UTC with seconds, e.g. `2026-08-21T10:00:00Z`. */
export interface ObjectMeta {
  name: string;
  generateName?: string;
  namespace?: string;
  uid?: string;
  resourceVersion?: string;
  generation?: number;
  creationTimestamp?: string | null;
  deletionTimestamp?: string | null;
  labels?: Record<string, string>;
  annotations?: Record<string, string>;
  finalizers?: string[];
  ownerReferences?: OwnerReference[];
}

/**
 * An object with the usual two halves. `spec` is always there: the CRDs default it to `{}` (or require it);
 * `status` is absent until a controller has written it.
 */
export interface KubeObject<Spec = unknown, Status = unknown> {
  apiVersion: string;
  kind: string;
  metadata: ObjectMeta;
  spec: Spec;
  status?: Status;
}

/**
 * A condition in Longhorn's shape. `lastProbeTime` is always `''` (Longhorn never fills it); `lastTransitionTime` is
 * RFC 3339 seconds and moves only when `status` changes.
 */
export interface Condition {
  type: string;
  status: 'True' | 'False' | 'Unknown';
  lastProbeTime: string;
  lastTransitionTime: string;
  reason: string;
  message: string;
}

/** Where a kind lives in the API: enough to build a request path. `group` is `''` for the core group. */
export interface ResourceType {
  group: string;
  version: string;
  plural: string;
  kind: string;
  namespaced: boolean;
}
