import { readFile } from 'node:fs/promises';
import { writeFileAtomic } from '../files.ts';
import { freePort, isPortFree } from '../processes/ports.ts';

/** What a data folder remembers between two starts, besides etcd's data and keys. */
export interface SavedState {
  /** Loopback ports by what listens on them: `kube-apiserver`, `target-controller health`, … */
  ports: Record<string, number>;
  /** True once the sample targets were made: a target that the user deleted does not come back. */
  isSampleMade: boolean;
  /** True once the sample's volume was backed up and restored. */
  isSampleVolumeMade: boolean;
}

/** The state file of a data folder. */
export interface StateFile {
  state: SavedState;
  save(): Promise<void>;
}

function isPort(value: unknown): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value > 0 && value < 65_536;
}

function parse(text: string): SavedState {
  const state: SavedState = { ports: {}, isSampleMade: false, isSampleVolumeMade: false };
  try {
    const found = JSON.parse(text) as Partial<SavedState> | null;
    for (const [name, port] of Object.entries(found?.ports ?? {})) if (isPort(port)) state.ports[name] = port;
    state.isSampleMade = found?.isSampleMade === true;
    state.isSampleVolumeMade = found?.isSampleVolumeMade === true;
  } catch {
    // Unreadable: other ports are chosen; nothing else is lost.
  }
  return state;
}

/** Reads the state file; an absent or damaged one counts as empty. */
export async function loadState(path: string): Promise<StateFile> {
  const state = parse(await readFile(path, 'utf8').catch(() => ''));
  return { state, save: () => writeFileAtomic(path, `${JSON.stringify(state, null, 2)}\n`) };
}

/**
 * A free port for each name: the one of the last start if it is still free (so that kubeconfig files stay valid), else
 * another, which is said. Changes `state.ports`.
 */
export async function choosePorts<Name extends string>(
  names: readonly Name[],
  state: SavedState,
  say: (line: string) => void,
): Promise<Record<Name, number>> {
  const chosen: Partial<Record<Name, number>> = {};
  for (const name of names) {
    const saved = state.ports[name];
    const isFree = saved !== undefined && (await isPortFree(saved));
    const port = isFree ? saved : await freePort();
    if (saved !== undefined && !isFree) {
      say(`port ${String(saved)} of ${name} is in use by another program; it listens on ${String(port)} now`);
    }
    chosen[name] = port;
    state.ports[name] = port;
  }
  return chosen as Record<Name, number>;
}
