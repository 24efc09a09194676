import { rm } from 'node:fs/promises';
import { writeFileAtomic } from '../files.ts';
import type { Embedded } from './embedded.ts';

/** The file that says that everything is ready; there only while that is so. */
export interface ReadyFile {
  /** Takes an earlier start's file away; only now, when the data folder is ours, is this one ours too. */
  hold: () => Promise<void>;
  /** Writes `{kubeconfig, namespace, services: {<name>: {pid, healthUrl, metricsUrl}}}` in one step. */
  write: (embedded: Pick<Embedded, 'kubeconfig' | 'namespace' | 'services'>) => void;
  /** Takes it away for good, if it is ours. */
  remove: () => Promise<void>;
}

/** Keeps the ready file at `path`; without a path all of it does nothing. Failures to write are said. */
export function keepReadyFile(path: string | undefined, say: (line: string) => void): ReadyFile {
  let isOurs = false;
  // One write after the other, so that the newest pids win and none comes after the removal.
  let last: Promise<void> = Promise.resolve();
  const inTurn = (work: () => Promise<void>) => {
    last = last.then(work).catch((error: unknown) => {
      say(`failed to write ready file '${path ?? ''}': ${error instanceof Error ? error.message : String(error)}`);
    });
    return last;
  };
  if (path === undefined) {
    const nothing = () => Promise.resolve();
    return { hold: nothing, write: () => undefined, remove: nothing };
  }
  return {
    hold: () => {
      isOurs = true;
      return inTurn(() => rm(path, { force: true }));
    },
    write: (embedded) => {
      void inTurn(async () => {
        const { kubeconfig, namespace } = embedded;
        const content = { kubeconfig, namespace, services: embedded.services() };
        if (isOurs) await writeFileAtomic(path, `${JSON.stringify(content, null, 2)}\n`);
      });
    },
    remove: () => {
      if (!isOurs) return Promise.resolve();
      isOurs = false;
      return inTurn(() => rm(path, { force: true }));
    },
  };
}
