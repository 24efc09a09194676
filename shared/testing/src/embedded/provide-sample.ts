import type { ApiClient } from '../kube/api-client.ts';
import type { StateFile } from './saved-state.ts';
import { makeSampleVolume } from './sample-volume.ts';
import { makeSample, waitForSample } from './sample.ts';

/** What the sample is made with. */
export interface ProvideSampleInput {
  api: ApiClient;
  /** Namespace of the objects. */
  namespace: string;
  /** Absolute. */
  dataDir: string;
  /** Remembers what was made, so that what the user deleted does not come back. */
  saved: StateFile;
  say: (line: string) => void;
  signal?: AbortSignal | undefined;
}

const DONE = 'The sample volume was backed up, changed and backed up again; both backups were restored beside it.';

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** Makes the sample's targets, and waits for their sync. The sample is a convenience: when it does not come up, that is said, and everything else goes on. */
export async function provideSample({
  api,
  namespace,
  dataDir,
  saved,
  say,
  signal,
}: ProvideSampleInput): Promise<void> {
  const work = async () => {
    if (!saved.state.isSampleMade) await makeSample(api, namespace, dataDir);
    await waitForSample(api, namespace);
  };
  try {
    await Promise.race([work(), untilAborted(signal)]);
  } catch (error) {
    if (signal?.aborted !== true) say(textOf(error));
  }
  signal?.throwIfAborted();
  saved.state.isSampleMade = true;
  await saved.save();
}

/** Settles only when the start is to end. */
function untilAborted(signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve) => {
    signal?.addEventListener('abort', () => {
      resolve();
    });
  });
}

/** Backs up and restores the sample's volume, once for a data folder, and says what came of it. Never rejects. */
export async function provideSampleVolume(input: ProvideSampleInput & { signal: AbortSignal }): Promise<void> {
  const { saved, say, signal } = input;
  if (saved.state.isSampleVolumeMade) return;
  try {
    const shown = await makeSampleVolume(input);
    saved.state.isSampleVolumeMade = true;
    await saved.save();
    if (shown !== undefined) say(`\n${shown}\n${DONE}`);
  } catch (error) {
    if (!signal.aborted) say(`${textOf(error)}; the next start tries the sample's volume again`);
  }
}
