import { readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { lastLines } from '../processes/child.ts';

/** Logs of ended Pods that are kept. */
const KEPT_LOGS = 100;

/** How much of a log becomes a termination message, as a kubelet takes it. */
const MESSAGE_LINES = 80;
const MESSAGE_CHARACTERS = 2_048;

/** Removes the oldest Pods' logs, so that with the next one there are at most 100. */
export async function pruneLogs(folder: string): Promise<void> {
  const names = await readdir(folder).catch(() => []);
  if (names.length < KEPT_LOGS) return;
  const logs = await Promise.all(
    names.map(async (name) => {
      const path = join(folder, name);
      return { path, savedAt: (await stat(path).catch(() => undefined))?.mtimeMs ?? 0 };
    }),
  );
  const oldest = logs.sort((a, b) => a.savedAt - b.savedAt).slice(0, names.length - KEPT_LOGS + 1);
  await Promise.all(oldest.map(({ path }) => rm(path, { force: true })));
}

/** The end of a log, as a termination message. */
export function lastWords(logFile: string): string {
  return lastLines(logFile, MESSAGE_LINES).slice(-MESSAGE_CHARACTERS);
}
