import { FINALIZER, type ObjectMeta, type ResourceType } from '@mooring/api';
import { sleep, systemClock, type Clock } from './clock.ts';
import { isNotFound } from './errors.ts';
import { hasFinalizer, removeFinalizer } from './finalizers.ts';
import type { KubeClient } from './kube-client.ts';
import { WRITES_IN_FLIGHT } from './write-limit.ts';

/** What is released, and for how long that is tried. */
export interface ReleaseFinalizersOptions {
  readonly client: KubeClient;
  /** Kinds that nobody serves any more (their CRD is gone) are passed over. */
  readonly types: readonly ResourceType[];
  /** The object namespace. */
  readonly namespace: string;
  /** True: only objects that are being deleted. Default false. */
  readonly onlyDeleting?: boolean | undefined;
  /** Milliseconds from now. */
  readonly timeoutMs: number;
  readonly clock?: Clock | undefined;
}

/** What came of it. */
export interface ReleasedFinalizers {
  readonly releasedCount: number;
  /** What still had our finalizer when time was up: `backups 'a'`. Empty: nothing has. */
  readonly left: readonly string[];
  /** The last error that an object or a list met; undefined when the last round met none. */
  readonly error?: unknown;
}

/** An object as a metadata list gives it. */
interface Listed {
  readonly metadata: ObjectMeta;
}

/** One try over everything; `isLook`: nothing is taken off, what would be is left. */
interface Round {
  readonly isLook: boolean;
  releasedCount: number;
  readonly left: string[];
  error?: unknown;
}

/** Objects a page: only their metadata, about 1 KiB each. */
const PAGE_SIZE = 500;

/** Between two tries, milliseconds. */
const RETRY_MS = 1_000;

/** How much of what is left is named. */
const NAMED = 10;

/**
 * Takes our finalizer, and no other, off all objects of the kinds in the namespace: for the end of an installation, when nobody will be there
 * to do it at their deletion. Nothing in a store is touched. Errors are tried again until time is up; then they are in the result, not thrown.
 * What somebody puts back again and again is left too. Takes at most a second longer than it may.
 */
export async function releaseFinalizers(options: ReleaseFinalizersOptions): Promise<ReleasedFinalizers> {
  const { clock = systemClock } = options;
  const endsAt = clock.monotonic() + options.timeoutMs;
  let releasedCount = 0;
  for (;;) {
    const round = await tryAll(options, { isLook: false, endsInMs: endsAt - clock.monotonic() });
    releasedCount += round.releasedCount;
    const isDone = round.left.length === 0 && round.error === undefined;
    // A round that took something off is followed by one that sees nothing left: somebody may have put it back.
    if (isDone && round.releasedCount === 0) return { releasedCount, left: [] };
    if (clock.monotonic() + RETRY_MS >= endsAt) {
      const last = isDone ? await tryAll(options, { isLook: true, endsInMs: RETRY_MS }) : round;
      return { releasedCount, left: last.left, error: last.error };
    }
    if (!isDone) await sleep(clock, RETRY_MS);
  }
}

async function tryAll(
  options: ReleaseFinalizersOptions,
  { isLook, endsInMs }: { readonly isLook: boolean; readonly endsInMs: number },
): Promise<Round> {
  const signal = AbortSignal.timeout(Math.max(1, Math.ceil(endsInMs)));
  const round: Round = { isLook, releasedCount: 0, left: [] };
  for (const type of options.types) {
    try {
      await tryKind(options, { type, round, signal });
    } catch (error) {
      // No such kind: its CRD is gone, and its objects with it.
      if (isNotFound(error)) continue;
      round.error = error;
      round.left.push(type.plural);
    }
  }
  return round;
}

async function tryKind(
  { client, namespace, onlyDeleting = false }: ReleaseFinalizersOptions,
  { type, round, signal }: { type: ResourceType; round: Round; signal: AbortSignal },
): Promise<void> {
  const leave = ({ metadata }: Listed): void => {
    if (round.left.length < NAMED) round.left.push(`${type.plural} '${metadata.name}'`);
  };
  const release = async (object: Listed): Promise<void> => {
    try {
      await removeFinalizer({ client, type, object, finalizer: FINALIZER, signal });
      round.releasedCount += 1;
    } catch (error) {
      round.error = error;
      leave(object);
    }
  };
  let after: string | undefined;
  do {
    const page = await client.list<Listed>(type, {
      namespace,
      metadataOnly: true,
      limit: PAGE_SIZE,
      continue: after,
      signal,
    });
    const held = page.items.filter(
      (object) => hasFinalizer(object, FINALIZER) && (!onlyDeleting || Boolean(object.metadata.deletionTimestamp)),
    );
    if (round.isLook) held.forEach(leave);
    else await forEach(held, release);
    after = page.continue;
  } while (after !== undefined);
}

/** In order, several at once. */
async function forEach(objects: readonly Listed[], work: (object: Listed) => Promise<void>): Promise<void> {
  const waiting = objects.values();
  const workOn = async (): Promise<void> => {
    for (const object of waiting) await work(object);
  };
  await Promise.all(Array.from({ length: WRITES_IN_FLIGHT }, workOn));
}
