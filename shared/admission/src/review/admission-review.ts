import type { RawObject } from '@mooring/api';

/** Operations that our webhook configurations ask for. */
export type AdmissionOperation = 'CREATE' | 'UPDATE' | 'DELETE';

/** A group, version and kind or resource as in an AdmissionReview. */
export interface GroupVersionResource {
  readonly group: string;
  readonly version: string;
  readonly resource: string;
}

/** The part of admission.k8s.io/v1 AdmissionRequest that the webhooks read. Objects stay as they came: raw JSON. */
export interface AdmissionRequest {
  /** Identifies this one call; the answer must repeat it. */
  readonly uid: string;
  readonly resource: GroupVersionResource;
  readonly operation: AdmissionOperation;
  /** Empty or absent for a collection DELETE and for a CREATE with generateName. */
  readonly name?: string;
  readonly namespace: string;
  readonly dryRun: boolean;
  readonly username: string;
  readonly object?: RawObject;
  readonly oldObject?: RawObject;
}

/** metav1.Status as far as an answer fills it. `details.retryAfterSeconds` makes kubectl and client-go try again by themselves. */
export interface AdmissionStatus {
  readonly status: 'Failure';
  readonly code: number;
  readonly reason: string;
  readonly message: string;
  readonly details?: {
    readonly causes?: readonly { readonly reason: string; readonly message: string; readonly field?: string }[];
    readonly retryAfterSeconds?: number;
  };
}

/** admission.k8s.io/v1 AdmissionResponse. */
export interface AdmissionResponse {
  readonly uid: string;
  readonly allowed: boolean;
  /** Set when not allowed. */
  readonly status?: AdmissionStatus;
  readonly patchType?: 'JSONPatch';
  /** Base64 of a JSON patch. */
  readonly patch?: string;
  /** Shown to the user by kubectl; at most 256 characters each are sure to arrive. */
  readonly warnings?: readonly string[];
}

/** The answer's envelope. */
export interface AdmissionReview {
  readonly apiVersion: 'admission.k8s.io/v1';
  readonly kind: 'AdmissionReview';
  readonly response: AdmissionResponse;
}

/** What reading a request body found: a request, or why there is none (with its `uid` when that could be read). */
export type ReadResult =
  { readonly request: AdmissionRequest } | { readonly problem: string; readonly uid: string | undefined };
