import { ApiRequestError } from '@mooring/testing';
import { bed } from './bed.ts';
import { path, remove } from './objects.ts';

/** What became of the applies of a load. */
export interface LoadReport {
  sent: number;
  /** One line for each that was not admitted. */
  refused: string[];
  /** How many were sent a second, over the whole load. */
  perSecond: number;
  /** 50th, 99th and 100th percentile of an answer, in milliseconds. */
  latencyMs: { p50: number; p99: number; max: number };
}

/** A running load. */
export interface Load {
  /** Ends it, waits for the answers, removes its objects. */
  stop(): Promise<LoadReport>;
}

/** The load: applies a second. */
const PER_SECOND = 50;

/** Applies on their way at once: more would be a measure of how a busy machine breaks down. */
const MOST_AT_ONCE = 50;

/** Objects that the applies go round: one object takes no more than one write at a time. */
const OBJECTS_IN_TURN = 20;

function percentile(sorted: readonly number[], share: number): number {
  return Math.round(sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0);
}

/** Applies a RecurringJob, which both webhooks review, and whose content is another each time. */
async function applyOne(count: number): Promise<void> {
  const name = `e2e-load-${String(count % OBJECTS_IN_TURN)}`;
  const body = {
    apiVersion: 'longhorn.io/v1beta2',
    kind: 'RecurringJob',
    metadata: { name },
    spec: { name, task: 'snapshot', cron: '0 0 1 1 *', retain: (count % 50) + 1, concurrency: 1 },
  };
  const query = '?fieldManager=mooring-load&force=true';
  const contentType = 'application/apply-patch+yaml';
  await bed().api.request({ method: 'PATCH', path: path('recurringjobs', name) + query, contentType, body });
}

/** Why an apply failed, without the object's name, so that equal reasons are equal lines. */
function reasonOf(error: unknown): string {
  const at = new Date().toISOString().slice(11, 23);
  if (error instanceof ApiRequestError) return `${at} ${String(error.status)} ${error.message}`;
  return `${at} ${String(error)}`;
}

/** Starts a steady 50 applies a second (`kubectl apply --server-side`), each on its own time, whatever the others do. */
export function startLoad(): Load {
  const refused: string[] = [];
  const latencies: number[] = [];
  const open = new Set<Promise<void>>();
  let sent = 0;
  const startedAt = performance.now();
  const send = () => {
    const from = performance.now();
    const answer = applyOne(sent++).then(
      () => void latencies.push(performance.now() - from),
      (error: unknown) => void refused.push(reasonOf(error)),
    );
    open.add(answer);
    void answer.finally(() => open.delete(answer));
  };
  // A late timer sends what it owes, so that the rate holds on a busy machine.
  const timer = setInterval(() => {
    const due = Math.floor(((performance.now() - startedAt) / 1000) * PER_SECOND);
    while (sent < due && open.size < MOST_AT_ONCE) send();
  }, 1000 / PER_SECOND);
  return {
    stop: async () => {
      clearInterval(timer);
      const seconds = (performance.now() - startedAt) / 1000;
      await Promise.all(open);
      const names = Array.from({ length: OBJECTS_IN_TURN }, (_, index) => `e2e-load-${String(index)}`);
      await Promise.all(names.map((name) => remove(path('recurringjobs', name))));
      const sorted = latencies.toSorted((a, b) => a - b);
      const latencyMs = { p50: percentile(sorted, 0.5), p99: percentile(sorted, 0.99), max: percentile(sorted, 1) };
      return { sent, refused, perSecond: sent / seconds, latencyMs };
    },
  };
}

/** One line for the run's record. */
export function describeLoad({ sent, refused, perSecond, latencyMs }: LoadReport): string {
  const { p50, p99, max } = latencyMs;
  return (
    `${String(sent)} applies, ${perSecond.toFixed(1)}/s, ${String(refused.length)} refused, ` +
    `p50 ${String(p50)} ms, p99 ${String(p99)} ms, max ${String(max)} ms`
  );
}

/** Throws, with the first and the last few, if anything was refused. */
export function expectNoRefusal({ refused }: LoadReport): void {
  if (refused.length === 0) return;
  const shown = [...refused.slice(0, 5), '…', ...refused.slice(-3)].map((line) => line.slice(0, 300));
  throw new Error(`failed to admit ${String(refused.length)} applies:\n${shown.join('\n')}`);
}
