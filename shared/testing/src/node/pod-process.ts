import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { ControlPlane } from '../control-plane/control-plane.ts';
import { startChild, type Child, type ChildExit, type ChildOptions } from '../processes/child.ts';
import type { ProcessSurroundings } from '../processes/process-spec.ts';
import type { ProcessFacts } from './decide-step.ts';
import { podCredentials } from './pod-credentials.ts';
import { lastWords, pruneLogs } from './pod-logs.ts';
import { podProgram, type ImageProgram } from './pod-program.ts';
import { podSources } from './pod-sources.ts';
import type { RunFacts } from './pod-status.ts';
import { PodRefused, type Container, type Pod } from './pod.ts';

/** What every Pod's process is started with. */
export interface PodSurroundings extends ProcessSurroundings {
  readonly controlPlane: Pick<ControlPlane, 'api' | 'kubeconfigFor'>;
  readonly images: Readonly<Record<string, ImageProgram>>;
  /** Gets a folder for each Pod. */
  readonly folder: string;
  readonly say: (line: string) => void;
}

/** The process of one Pod. */
export interface PodProcess extends RunFacts {
  /** `namespace/name` of the Pod. */
  readonly key: string;
  /** What the Pod's status says of it. */
  told: ProcessFacts['told'];
  /** Why it was told to end, where that is not the program's doing. */
  disruption?: string;
  /** Absent while it runs. */
  end?: { readonly exit: ChildExit; readonly finishedAt: string; readonly message: string | undefined };
  /** Settles when `end` is there and its files are gone. */
  readonly ended: Promise<void>;
  /** SIGTERM, then SIGKILL after `graceMs`. May be called again with a shorter time. */
  stop(graceMs: number): Promise<unknown>;
}

/** RFC 3339 in whole seconds, as Kubernetes writes times. */
export function now(): string {
  return new Date().toISOString().replace(/\.\d+Z$/, 'Z');
}

/** Starts a Pod's program. Throws PodRefused and PodWaits. */
export async function startPodProcess(pod: Pod, surroundings: PodSurroundings): Promise<PodProcess> {
  const folder = join(surroundings.folder, pod.metadata.uid);
  const undo = [() => rm(folder, { recursive: true, force: true })];
  const release = async () => {
    for (const one of undo.toReversed()) await one();
  };
  try {
    const { controlPlane, images, say } = surroundings;
    const sources = podSources(controlPlane.api, pod.metadata.namespace);
    const program = await podProgram({ pod, images, folder: join(folder, 'volumes'), sources });
    const env = { ...program.env };
    if (program.hasToken) {
      const credentials = await podCredentials({ controlPlane, pod, folder, say });
      undo.push(async () => {
        credentials.stop();
      });
      env['KUBECONFIG'] = credentials.kubeconfig;
    }
    const child = await runProgram(pod, { ...program, env }, surroundings);
    return followChild(pod, child, { container: program.container, release });
  } catch (error) {
    await release();
    throw error;
  }
}

async function runProgram(
  pod: Pod,
  { command, args, env }: Pick<ChildOptions, 'command' | 'args' | 'env'>,
  surroundings: PodSurroundings,
): Promise<Child> {
  const { runFolder, watchdog } = surroundings;
  const logs = join(surroundings.logFolder, 'pods');
  await pruneLogs(logs);
  const logFile = join(logs, `${pod.metadata.name}.log`);
  try {
    return await startChild({ command, args, env, name: `pod-${pod.metadata.uid}`, logFile, runFolder, watchdog });
  } catch (cause) {
    throw new PodRefused(cause instanceof Error ? cause.message : String(cause), { cause });
  }
}

function followChild(
  { metadata }: Pod,
  child: Child,
  { container, release }: { container: Container; release: () => Promise<void> },
): PodProcess {
  const saysWhy = container.terminationMessagePolicy === 'FallbackToLogsOnError';
  const process_: PodProcess = {
    key: `${metadata.namespace}/${metadata.name}`,
    told: 'nothing',
    startedAt: now(),
    containerID: `process://${String(child.pid)}`,
    ended: child.exited.then(async (exit) => {
      const message = exit.code !== 0 && saysWhy ? lastWords(child.logFile) : undefined;
      process_.end = { exit, finishedAt: now(), message };
      await release();
    }),
    stop: (graceMs) => child.stop(graceMs),
  };
  return process_;
}
