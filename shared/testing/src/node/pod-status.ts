import { constants } from 'node:os';
import type { ChildExit } from '../processes/child.ts';
import type { Container, Pod } from './pod.ts';

/** A change of a Pod's status, as strategic merge patch: conditions are merged by type. */
export type PodStatusPatch = Readonly<Record<string, unknown>>;

/** When a program ran, RFC 3339, and which process it was: `process://<pid>`. */
export interface RunFacts {
  readonly startedAt: string;
  readonly containerID: string;
}

/** How a program ended. */
export interface EndFacts extends RunFacts {
  readonly finishedAt: string;
  readonly exit: ChildExit;
  /** The end of its log, where it is to be shown. */
  readonly message?: string | undefined;
  /** Why that is not the program's doing; the Job controller then does not count it where a rule says so. */
  readonly disruption?: string | undefined;
}

const LOOPBACK = '127.0.0.1';

const READINESS = ['PodReadyToStartContainers', 'Initialized', 'ContainersReady', 'Ready'] as const;

/** Code of a program that was ended by a signal, as shells count. */
const SIGNAL_BASE = 128;

/** What a kubelet says of a container that it no longer finds. */
const LOST_EXIT_CODE = 137;

/** The program runs. */
export function runningStatus(pod: Pod, { startedAt, containerID }: RunFacts): PodStatusPatch {
  const conditions = READINESS.map((type) => condition(type, true, { lastTransitionTime: startedAt }));
  const state = { running: { startedAt } };
  const container = { ...containerBase(pod.spec.containers[0]), ready: true, started: true, containerID, state };
  return { ...base(startedAt), phase: 'Running', conditions, containerStatuses: [container] };
}

/** The program ended: Succeeded at exit code 0, else Failed. */
export function endedStatus(pod: Pod, end: EndFacts): PodStatusPatch {
  const { code, signal } = end.exit;
  const number = signal === null ? undefined : constants.signals[signal];
  const exitCode = number === undefined ? (code ?? LOST_EXIT_CODE) : SIGNAL_BASE + number;
  const terminated = {
    exitCode,
    ...(number === undefined ? {} : { signal: number }),
    reason: exitCode === 0 ? 'Completed' : 'Error',
    message: end.message,
    startedAt: end.startedAt,
    finishedAt: end.finishedAt,
    containerID: end.containerID,
  };
  const phase = exitCode === 0 ? 'Succeeded' : 'Failed';
  return {
    ...base(end.startedAt),
    phase,
    conditions: endConditions(phase, end.finishedAt, end.disruption),
    containerStatuses: [stopped(pod, { terminated }, end.containerID)],
  };
}

/** The node was away: what became of the program is not known. */
export function lostStatus(pod: Pod, now: string, message: string): PodStatusPatch {
  const terminated = { exitCode: LOST_EXIT_CODE, reason: 'ContainerStatusUnknown', message, finishedAt: now };
  const conditions = endConditions('Failed', now, message);
  return { phase: 'Failed', conditions, containerStatuses: [stopped(pod, { terminated })] };
}

/** The node does not run this Pod. */
export function refusedStatus(now: string, message: string): PodStatusPatch {
  const conditions = endConditions('Failed', now);
  return { ...base(now), phase: 'Failed', conditions, reason: 'UnsupportedByNode', message };
}

/** Something that it needs is not there. */
export function waitingStatus(pod: Pod, waiting: { reason: string; message: string }): PodStatusPatch {
  return { containerStatuses: [stopped(pod, { waiting })] };
}

/** No node takes it. */
export function unschedulableStatus(now: string, message: string): PodStatusPatch {
  return {
    conditions: [condition('PodScheduled', false, { lastTransitionTime: now, reason: 'Unschedulable', message })],
  };
}

function base(startTime: string): object {
  return { startTime, hostIP: LOOPBACK, hostIPs: [{ ip: LOOPBACK }], podIP: LOOPBACK, podIPs: [{ ip: LOOPBACK }] };
}

function endConditions(phase: 'Succeeded' | 'Failed', at: string, disruption?: string): object[] {
  const reason = phase === 'Succeeded' ? 'PodCompleted' : 'PodFailed';
  const conditions = READINESS.map((type) => {
    const isInitialized = type === 'Initialized' && phase === 'Succeeded';
    return condition(type, isInitialized, { lastTransitionTime: at, reason });
  });
  if (disruption === undefined) return conditions;
  const why = { lastTransitionTime: at, reason: 'TerminationByKubelet', message: disruption };
  return [...conditions, condition('DisruptionTarget', true, why)];
}

function condition(
  type: string,
  holds: boolean,
  why: { lastTransitionTime: string; reason?: string; message?: string },
) {
  return { type, status: holds ? 'True' : 'False', ...why };
}

function containerBase(container: Container | undefined): object {
  return { name: container?.name, image: container?.image, imageID: '', restartCount: 0 };
}

function stopped(pod: Pod, state: object, containerID?: string): object {
  const known = containerID === undefined ? {} : { containerID };
  return { ...containerBase(pod.spec.containers[0]), ready: false, started: false, ...known, state };
}
