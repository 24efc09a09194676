import { isStoreError } from '../errors.ts';
import type {
  CallOptions,
  GetOptions,
  KeyOptions,
  ListOptions,
  ListPage,
  ObjectContent,
  ObjectInfo,
  ObjectStore,
  PutOptions,
  PutResult,
  StoreCapabilities,
  SweepLeftoversOptions,
} from '../store.ts';
import { withAttemptTimeout } from './attempt-timeout.ts';
import { withBreaker, type BreakerLimits } from './breaker.ts';
import { InFlightLimit, type InFlightLimits } from './in-flight-limit.ts';
import { compose, systemStoreClock, type Invoke, type StoreClock } from './invoke.ts';
import { countBreaker, countRetry, withMetrics, withTrace } from './observe.ts';
import { ReadOnlyStore } from './read-only.ts';
import { withRetry } from './retry.ts';

/** Bounds on what one store may be asked; shared by all calls through one opened store. */
export interface StoreLimits extends InFlightLimits, Omit<BreakerLimits, 'onBreakerChange'> {
  /** Milliseconds after which no further attempt at a call is begun (waiting for a slot apart); default 45,000. */
  readonly callDeadlineMs: number;
  /** Milliseconds for one attempt, plus the time its bytes need at 256 KiB/s; default 10,000. */
  readonly attemptTimeoutMs: number;
}

// The defaults, as documented above.
const DEFAULT_LIMITS: StoreLimits = {
  callDeadlineMs: 45_000,
  attemptTimeoutMs: 10_000,
  initialInFlight: 16,
  maxInFlight: 256,
  breakerFailures: 8,
  breakerFirstPauseMs: 1000,
  breakerMaxPauseMs: 30_000,
};

/** What to wrap with; every limit has a default. */
export interface WrapOptions {
  readonly limits?: Partial<StoreLimits>;
  readonly readOnly?: boolean;
  readonly clock?: StoreClock;
}

// A whole object of unknown size gets the time of a block; who reads something larger says so by a range.
const UNKNOWN_SIZE_BYTES = 2 * 1024 * 1024;

/** Puts the wrappers round a backend: trace, retry, in-flight limit, breaker, attempt timeout, metrics; read-only on request. */
export function wrapStore(backend: ObjectStore, options: WrapOptions = {}): ObjectStore {
  const { scheme } = backend.capabilities;
  const clock = options.clock ?? systemStoreClock;
  const limits = { ...DEFAULT_LIMITS, ...options.limits };
  const breaker = countBreaker(scheme);
  const invoke = compose(
    withTrace(scheme),
    withRetry(
      {
        callDeadlineMs: limits.callDeadlineMs,
        onRetry: (call, code) => {
          countRetry(scheme, call, code);
        },
      },
      clock,
    ),
    new InFlightLimit(limits, clock).wrap,
    withBreaker({
      ...limits,
      onBreakerChange: (isOpen) => {
        breaker.changed(isOpen);
      },
    }),
    withAttemptTimeout(limits.attemptTimeoutMs, clock),
    withMetrics(scheme),
  );
  const store = new WrappedStore(backend, invoke, () => breaker.forget());
  return options.readOnly === true ? new ReadOnlyStore(store) : store;
}

class WrappedStore implements ObjectStore {
  readonly capabilities: StoreCapabilities;
  readonly #backend: ObjectStore;
  readonly #invoke: Invoke;
  readonly #onClose: () => void;

  constructor(backend: ObjectStore, invoke: Invoke, onClose: () => void) {
    this.#backend = backend;
    this.#invoke = invoke;
    this.#onClose = onClose;
    this.capabilities = backend.capabilities;
  }

  async list(options: ListOptions): Promise<ListPage> {
    const call = { operation: 'list', action: `list '${options.prefix}'`, bytes: 0, signal: options.signal } as const;
    return await this.#invoke(call, async (signal) => await this.#backend.list({ ...options, ...withSignal(signal) }));
  }

  async head({ key, signal }: KeyOptions): Promise<ObjectInfo> {
    const call = { operation: 'head', action: `look at object '${key}'`, key, bytes: 0, signal } as const;
    return await this.#invoke(call, async (own) => await this.#backend.head({ key, ...withSignal(own) }));
  }

  async get(options: GetOptions): Promise<ObjectContent> {
    const { key, range, signal } = options;
    const bytes = range === undefined ? UNKNOWN_SIZE_BYTES : range.end - range.start;
    const call = { operation: 'get', action: `read object '${key}'`, key, bytes, signal } as const;
    return await this.#invoke(call, async (own) => await this.#backend.get({ ...options, ...withSignal(own) }));
  }

  async put(options: PutOptions): Promise<PutResult> {
    const { key, body, ifAbsent = false, ifMatch, signal } = options;
    const call = { operation: 'put', action: `write object '${key}'`, key, bytes: body.length, signal } as const;
    let attempts = 0;
    return await this.#invoke(call, async (own) => {
      attempts += 1;
      try {
        return await this.#backend.put({ ...options, ...withSignal(own) });
      } catch (error) {
        // An earlier attempt may have been carried out though its answer was lost.
        const isConditional = ifAbsent || ifMatch !== undefined;
        const mayBeOurs = isConditional && attempts > 1 && isStoreError(error, 'AlreadyExists');
        const isOurs = mayBeOurs && (await this.#holds(options));
        if (!isOurs) throw error;
        return {};
      }
    });
  }

  async delete(keys: readonly string[], options: CallOptions = {}): Promise<void> {
    const [first] = keys;
    if (first === undefined) return;
    const action = keys.length === 1 ? `delete object '${first}'` : `delete ${String(keys.length)} objects`;
    const call = { operation: 'delete', action, bytes: keys.length * 1024, signal: options.signal } as const;
    await this.#invoke(call, async (signal) => {
      await this.#backend.delete(keys, withSignal(signal));
    });
  }

  // As it is: it takes as long as it takes, and its failure harms nothing.
  async sweepLeftovers(folder: string, options?: SweepLeftoversOptions): Promise<void> {
    await this.#backend.sweepLeftovers?.(folder, options);
  }

  close(): void {
    this.#backend.close();
    this.#onClose();
  }

  async #holds({ key, body }: PutOptions): Promise<boolean> {
    const { body: present } = await this.#backend.get({ key });
    return present.equals(body);
  }
}

function withSignal(signal: AbortSignal | undefined): CallOptions {
  return signal === undefined ? {} : { signal };
}
