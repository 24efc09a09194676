import type { Pod } from './pod.ts';

/** What a Pod needs next. */
export type Step =
  | { readonly kind: 'nothing' }
  /** Take it: there is no scheduler. */
  | { readonly kind: 'bind' }
  | { readonly kind: 'unschedulable'; readonly message: string }
  | { readonly kind: 'start' }
  /** Say that it runs. */
  | { readonly kind: 'announce' }
  | { readonly kind: 'stop'; readonly graceMs: number }
  /** Say how it ended. */
  | { readonly kind: 'report' }
  /** It has no process and gets none any more. */
  | { readonly kind: 'lost'; readonly message: string }
  /** Let the deleted object go. */
  | { readonly kind: 'remove' };

/** What is known of a Pod's process. */
export interface ProcessFacts {
  readonly isRunning: boolean;
  /** What the Pod's status says of it. */
  readonly told: 'nothing' | 'running' | 'ended';
}

/** What a decision rests on. */
export interface StepFacts {
  readonly pod: Pod;
  /** Absent: this node has started none for this UID. */
  readonly process: ProcessFacts | undefined;
  readonly nodeName: string;
  readonly nodeLabels: Readonly<Record<string, string>>;
  /** The node is stopping: nothing new is begun. */
  readonly isStopping: boolean;
}

const NOTHING: Step = { kind: 'nothing' };

const AWAY = 'the node was away, and the process ended with it';

const TOO_EARLY = 'the Pod was deleted before its program was started';

/** Grace of a Pod that names none, seconds. */
const DEFAULT_GRACE_SECONDS = 30;

/** The next step for a Pod; after it the Pod is looked at again. Pure. */
export function decideStep(facts: StepFacts): Step {
  const { pod, process, nodeName, isStopping } = facts;
  if (!pod.spec.nodeName) return isStopping || isDeleted(pod) ? NOTHING : place(facts);
  if (pod.spec.nodeName !== nodeName) return NOTHING;
  if (process !== undefined) return follow(pod, process);
  return begin(pod, isStopping);
}

/** How long a Pod's program may take to end, in ms. */
export function graceMsOf(pod: Pod): number {
  const { metadata, spec } = pod;
  return 1_000 * (metadata.deletionGracePeriodSeconds ?? spec.terminationGracePeriodSeconds ?? DEFAULT_GRACE_SECONDS);
}

function isDeleted(pod: Pod): boolean {
  return pod.metadata.deletionTimestamp !== undefined;
}

function hasEnded(pod: Pod): boolean {
  return pod.status?.phase === 'Succeeded' || pod.status?.phase === 'Failed';
}

function begin(pod: Pod, isStopping: boolean): Step {
  if (hasEnded(pod)) return isDeleted(pod) ? letGo(pod) : NOTHING;
  if (pod.status?.phase === 'Running') return { kind: 'lost', message: AWAY };
  if (isDeleted(pod)) return { kind: 'lost', message: TOO_EARLY };
  return isStopping ? NOTHING : { kind: 'start' };
}

function follow(pod: Pod, { isRunning, told }: ProcessFacts): Step {
  if (!isRunning && told !== 'ended') return { kind: 'report' };
  if (isDeleted(pod)) return isRunning ? { kind: 'stop', graceMs: graceMsOf(pod) } : letGo(pod);
  return isRunning && told === 'nothing' ? { kind: 'announce' } : NOTHING;
}

/** At a grace of 0 the API server has let it go already; only others' finalizers hold it. */
function letGo(pod: Pod): Step {
  return pod.metadata.deletionGracePeriodSeconds === 0 ? NOTHING : { kind: 'remove' };
}

function place({ pod, nodeName, nodeLabels }: StepFacts): Step {
  const wanted = Object.entries(pod.spec.nodeSelector ?? {}).find(([name, value]) => nodeLabels[name] !== value);
  if (wanted === undefined) return { kind: 'bind' };
  const message = `the only node, ${nodeName}, does not match the Pod's nodeSelector: its label ${wanted[0]} is not '${wanted[1]}'`;
  const isSaid = pod.status?.conditions?.some((one) => one.type === 'PodScheduled' && one.message === message) ?? false;
  return isSaid ? NOTHING : { kind: 'unschedulable', message };
}
