/** What one sync of a target reads before it decides. */
import type { BackupTarget } from '@mooring/api';
import type { Parts } from './parts.ts';
import { describeInputs } from './policies.ts';
import type { SecretVersion } from './policies.ts';
import type { SyncOutcome } from './status.ts';

/** One sync. */
export interface Scope {
  readonly parts: Parts;
  /** As read live when the sync began; replaced when its status is written meanwhile. */
  target: BackupTarget;
  /** {@link describeInputs} at that moment. */
  readonly inputs: string;
  /** When it began, milliseconds since 1970. */
  readonly startedAtMs: number;
  /** Ends the sync: the target is deleted, its URL or Secret changed, the lease is lost, or the service stops. */
  readonly signal: AbortSignal;
  /** W3C traceparent for the objects that this sync writes. */
  readonly traceparent: string | undefined;
  /** Writes an outcome into the target's status and goes on. */
  readonly record: (outcome: SyncOutcome) => Promise<void>;
}

/** The version of the target's Secret from the cache of metadata; undefined when there is none. */
function secretVersionOf(parts: Parts, target: BackupTarget): SecretVersion | undefined {
  const name = target.spec.credentialSecret;
  return name ? parts.caches.secrets.get(parts.namespace, name)?.metadata : undefined;
}

/** {@link describeInputs} of a target as the caches are now. */
export function inputsOf(parts: Parts, target: BackupTarget): string {
  return describeInputs(target, secretVersionOf(parts, target));
}
