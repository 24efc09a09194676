import type { Metrics } from '@mooring/runtime';
import { eventually } from '@mooring/testing';
import { expect } from 'chai';

/** Requests to the API server of one process, counted by `<verb> <resource>`. */
export class RequestCounts implements Metrics {
  readonly #counts = new Map<string, number>();

  counter(name: string): { add(value: number, labels?: Readonly<Record<string, string>>): void } {
    if (name !== 'mooring_kube_requests_total') return { add: () => undefined };
    return {
      add: (value, labels = {}) => {
        const key = `${labels['verb'] ?? ''} ${labels['resource'] ?? ''}`;
        this.#counts.set(key, (this.#counts.get(key) ?? 0) + value);
      },
    };
  }

  histogram(): ReturnType<Metrics['histogram']> {
    return { record: () => undefined };
  }

  gauge(): ReturnType<Metrics['gauge']> {
    return { set: () => undefined };
  }

  /** Requests since the last `reset`: `of('PATCH', 'backups/status')`. */
  of(verb: string, resource: string): number {
    return this.#counts.get(`${verb} ${resource}`) ?? 0;
  }

  /** Waits until so many were answered: the server's objects show a write before its answer is here to be counted. Fails when there are more. */
  async reach(verb: string, resource: string, expected: number): Promise<void> {
    await eventually(() => this.of(verb, resource) >= expected, { what: `${String(expected)} × ${verb} ${resource}` });
    expect(this.of(verb, resource), `${verb} ${resource}`).to.equal(expected);
  }

  /** Writes since the last `reset`, without events, e.g. `{'PATCH backuptargets/status': 1}`. */
  writes(): Record<string, number> {
    return Object.fromEntries([...this.#counts].filter(([key]) => !/^(GET|WATCH) | events$/.test(key)));
  }

  reset(): void {
    this.#counts.clear();
  }
}
