import { parseDurationMs } from '@mooring/api';

/** How long certificates live, and what follows from it. All times in milliseconds. */
export interface CertificatePolicy {
  readonly caLifetimeMs: number;
  readonly leafLifetimeMs: number;
  /**
   * A certificate of another authority is served only after the API server's configuration has named that authority for so
   * long: every API server has seen it by then (they watch; well below a second).
   */
  readonly settleMs: number;
  /** An authority that the Secret no longer names is taken out of the configuration after so long: no replica serves with it. */
  readonly retireMs: number;
}

const MAX_SETTLE_MS = 10_000;
/** Of the leaf's life: with lives of seconds, as in tests, everything shrinks alike. */
const SETTLE_SHARE = 1 / 20;
/** Replicas follow a changed Secret within one `settleMs`; ten leave room for one that was cut off. */
const RETIRE_FACTOR = 10;

/**
 * The policy for two lifetimes.
 *
 * @param lifetimes durations such as `8760h`, `90s`
 */
export function certificatePolicy(lifetimes: {
  readonly caLifetime: string;
  readonly leafLifetime: string;
}): CertificatePolicy {
  const leafLifetimeMs = parseDurationMs(lifetimes.leafLifetime) ?? 0;
  const settleMs = Math.min(MAX_SETTLE_MS, leafLifetimeMs * SETTLE_SHARE);
  return {
    caLifetimeMs: parseDurationMs(lifetimes.caLifetime) ?? 0,
    leafLifetimeMs,
    settleMs,
    retireMs: settleMs * RETIRE_FACTOR,
  };
}

/** What is wrong with a pair of lifetimes, with the cure; undefined when nothing is. */
export function findLifetimeProblem(lifetimes: {
  readonly caLifetime: string;
  readonly leafLifetime: string;
}): string | undefined {
  const { caLifetimeMs, leafLifetimeMs } = certificatePolicy(lifetimes);
  if (leafLifetimeMs <= 0) return 'MOORING_LEAF_LIFETIME is no time at all: set it to a duration such as 2160h';
  // An authority is followed by the next when a third of its life is left: a certificate signed until then must fit into it.
  if (caLifetimeMs >= 3 * leafLifetimeMs) return undefined;
  return 'MOORING_CA_LIFETIME is less than three times MOORING_LEAF_LIFETIME: set it to at least that';
}
