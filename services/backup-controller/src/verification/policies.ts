import { type BackupTarget, isTargetOpen, type MoverState, settingOf, type SettingSource } from '@mooring/api';
import type { BackupEntry } from '../backup-entry.ts';

/** What one pass over the verification of a Backup does. */
export type VerificationStep =
  | { readonly step: 'rest' }
  /** Nothing until so many milliseconds from now. */
  | { readonly step: 'later'; readonly afterMs: number }
  | { readonly step: 'start'; readonly mode: 'lists' | 'full' }
  /** Its mover has ended; `error`: without a verdict. */
  | { readonly step: 'finish'; readonly error?: string };

/** What a step is decided on. */
export interface VerificationFacts {
  readonly entry: BackupEntry;
  readonly target: BackupTarget | undefined;
  readonly mover: MoverState | undefined;
  /** Verifications that run now, and how many may. */
  readonly running: number;
  readonly limit: number;
  /** Of the schedule, milliseconds; 0: none. */
  readonly intervalMs: number;
  readonly nowMs: number;
}

/** How often the schedule has a Backup verified, milliseconds; 0: there is none. Setting `backup-verify-interval`, in hours. */
export function verifyIntervalMs(settings: SettingSource, namespace: string): number {
  return Number(settingOf(settings, namespace, 'backup-verify-interval')) * 3_600_000;
}

/** A place may be free again after so long, milliseconds. */
const PLACE_MS = 15_000;

/** Decides the next step. A schedule only lists; what a person asks for, by the annotation, may read every block. */
export function decideVerification(facts: VerificationFacts): VerificationStep {
  const { entry, mover, intervalMs, nowMs } = facts;
  if (entry.state !== 'Completed' || entry.isDeleting) return { step: 'rest' };
  if (mover !== undefined) return decideRunning(mover);
  if (entry.verifyWish === '') {
    if (intervalMs === 0) return { step: 'rest' };
    const leftMs = entry.verifiedMs + intervalMs - nowMs;
    if (leftMs > 0) return { step: 'later', afterMs: leftMs };
  }
  return decideStart(facts);
}

function decideStart({ entry, target, running, limit }: VerificationFacts): VerificationStep {
  if (target === undefined || !isTargetOpen(target)) return { step: 'rest' };
  if (running >= limit) return { step: 'later', afterMs: PLACE_MS };
  return { step: 'start', mode: entry.verifyWish === 'full' ? 'full' : 'lists' };
}

function decideRunning(mover: MoverState): VerificationStep {
  if (mover.kind === 'done') return { step: 'finish' };
  return mover.kind === 'failed' ? { step: 'finish', error: mover.message } : { step: 'rest' };
}
