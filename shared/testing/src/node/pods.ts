import { decideStep, graceMsOf, type Step } from './decide-step.ts';
import type { PodApi } from './pod-api.ts';
import { now, startPodProcess, type PodProcess, type PodSurroundings } from './pod-process.ts';
import {
  endedStatus,
  lostStatus,
  refusedStatus,
  runningStatus,
  unschedulableStatus,
  waitingStatus,
} from './pod-status.ts';
import { PodRefused, PodWaits, type Pod } from './pod.ts';

/** What the node's Pods are run with. */
export interface PodsInput {
  readonly podApi: PodApi;
  readonly nodeName: string;
  readonly nodeLabels: Readonly<Record<string, string>>;
  /** The Pod as it is known now. */
  readonly podOf: (key: string) => Pod | undefined;
  /** Asks for a pass over a Pod. */
  readonly lookAgain: (key: string, afterMs: number) => void;
  readonly surroundings: PodSurroundings;
}

/** A Pod that waits for something is tried again after this time. */
const WAIT_MS = 3_000;

/** Longest time that a Pod's program gets when the node stops. */
const STOP_GRACE_MS = 8_000;

/** The Pods of a node, each by its UID: one that was deleted and made again under its name is another. */
export class Pods {
  readonly #input: PodsInput;
  readonly #processes = new Map<string, PodProcess>();
  readonly #starts = new Set<Promise<void>>();
  #isStopping = false;

  constructor(input: PodsInput) {
    this.#input = input;
  }

  /** Brings one Pod a step further. Throws when the API server does not answer as it should. */
  async pass(key: string): Promise<void> {
    const pod = this.#input.podOf(key);
    this.#endOthers(key, pod?.metadata.uid);
    if (pod === undefined) return;
    const process_ = this.#processes.get(pod.metadata.uid);
    const facts = process_ && { isRunning: process_.end === undefined, told: process_.told };
    const step = decideStep({ ...this.#input, pod, process: facts, isStopping: this.#isStopping });
    if (step.kind === 'start') await this.#tracked(this.#start(pod, key));
    else if (process_ !== undefined) await this.#follow(pod, process_, step);
    else await this.#place(pod, step);
  }

  /** Begins nothing new and ends what runs; resolves when all have ended and the passes that report it are asked for. */
  async stop(): Promise<void> {
    this.#isStopping = true;
    await Promise.allSettled(this.#starts);
    const running = [...this.#processes.values()].filter(({ end }) => end === undefined);
    await Promise.all(
      running.map(async (process_) => {
        process_.disruption = 'the node is stopping';
        const pod = this.#input.podOf(process_.key);
        void process_.stop(Math.min(pod === undefined ? 0 : graceMsOf(pod), STOP_GRACE_MS));
        await process_.ended;
      }),
    );
  }

  /** Ends what runs for Pods of this name that are no more. */
  #endOthers(key: string, uid: string | undefined): void {
    for (const [known, process_] of this.#processes) {
      if (process_.key !== key || known === uid) continue;
      if (process_.end === undefined) void process_.stop(0);
      else this.#processes.delete(known);
    }
  }

  async #tracked(start: Promise<void>): Promise<void> {
    this.#starts.add(start);
    await start.finally(() => this.#starts.delete(start));
  }

  async #start(pod: Pod, key: string): Promise<void> {
    const { podApi, lookAgain, surroundings } = this.#input;
    try {
      const process_ = await startPodProcess(pod, surroundings);
      this.#processes.set(pod.metadata.uid, process_);
      void process_.ended.then(() => lookAgain(key, 0));
      lookAgain(key, 0);
    } catch (error) {
      if (error instanceof PodRefused) {
        await podApi.writeStatus(pod, refusedStatus(now(), error.message));
      } else if (error instanceof PodWaits) {
        await this.#sayWaiting(pod, error);
        lookAgain(key, WAIT_MS);
      } else throw error;
    }
  }

  /** A step of a Pod without a process. */
  async #place(pod: Pod, step: Step): Promise<void> {
    const { podApi, nodeName } = this.#input;
    if (step.kind === 'bind') await podApi.bind(pod, nodeName);
    if (step.kind === 'unschedulable') await podApi.writeStatus(pod, unschedulableStatus(now(), step.message));
    if (step.kind === 'lost') await podApi.writeStatus(pod, lostStatus(pod, now(), step.message));
    if (step.kind === 'remove') await podApi.remove(pod);
  }

  /** A step of a Pod with a process. */
  async #follow(pod: Pod, process_: PodProcess, step: Step): Promise<void> {
    const { podApi } = this.#input;
    // Its end asks for the next pass.
    if (step.kind === 'stop') void process_.stop(step.graceMs);
    if (step.kind === 'announce') {
      await podApi.writeStatus(pod, runningStatus(pod, process_));
      process_.told = 'running';
    }
    if (step.kind === 'report' && process_.end !== undefined) {
      await podApi.writeStatus(pod, endedStatus(pod, { ...process_, ...process_.end }));
      process_.told = 'ended';
    }
    if (step.kind === 'remove') await podApi.remove(pod);
  }

  async #sayWaiting(pod: Pod, { reason, message }: PodWaits): Promise<void> {
    const waiting = pod.status?.containerStatuses?.[0]?.state?.waiting;
    if (waiting?.reason === reason && waiting.message === message) return;
    await this.#input.podApi.writeStatus(pod, waitingStatus(pod, { reason, message }));
  }
}
