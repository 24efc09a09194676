import { microTime, type ObjectMeta } from '@mooring/api';

/** `spec` of a coordination.k8s.io/v1 Lease. Times are MicroTime: RFC 3339 with six digits, or the API server refuses them. */
export interface LeaseSpec {
  readonly holderIdentity?: string | null;
  readonly leaseDurationSeconds?: number | null;
  readonly acquireTime?: string | null;
  readonly renewTime?: string | null;
  readonly leaseTransitions?: number | null;
}

/** A coordination.k8s.io/v1 Lease. */
export interface Lease {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: ObjectMeta;
  readonly spec?: LeaseSpec;
}

/** Who wants the lease, and for how long. */
export interface Claim {
  readonly identity: string;
  readonly durationMs: number;
  /** Wall clock, milliseconds since 1970. Written for people; nobody decides by it. */
  readonly nowMs: number;
}

/** The spec with which `claim.identity` takes or renews the lease. The term's start and number move only when the holder changes. */
export function claimedSpec(old: LeaseSpec | undefined, claim: Claim): LeaseSpec {
  const isOurs = old?.holderIdentity === claim.identity;
  const renewTime = microTime(claim.nowMs);
  return {
    holderIdentity: claim.identity,
    leaseDurationSeconds: Math.ceil(claim.durationMs / 1000),
    acquireTime: isOurs ? (old.acquireTime ?? renewTime) : renewTime,
    renewTime,
    leaseTransitions: (old?.leaseTransitions ?? 0) + (isOurs || old === undefined ? 0 : 1),
  };
}

/** The spec that gives the lease away: nobody holds it, and whoever looks may take it at once. */
export function releasedSpec(old: LeaseSpec | undefined, nowMs: number): LeaseSpec {
  const time = microTime(nowMs);
  return { ...old, holderIdentity: '', leaseDurationSeconds: 1, acquireTime: time, renewTime: time };
}

const TERM_FIELDS = ['holderIdentity', 'acquireTime', 'renewTime', 'leaseTransitions'] as const;

/** True when two reads show the same renewal. Labels and other metadata do not count: an edit of them is no sign of life. */
export function isSameTerm(a: LeaseSpec | undefined, b: LeaseSpec | undefined): boolean {
  return TERM_FIELDS.every((field) => a?.[field] === b?.[field]);
}
