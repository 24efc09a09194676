import { mkdir, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { stringify } from 'yaml';
import { freePort } from '../processes/ports.ts';
import { startGuarded } from '../processes/guarded.ts';

/** How Prometheus is started. */
export interface PrometheusOptions {
  /** Folder for its data, configuration and log. */
  root: string;
  /** The program. */
  command: string;
  /** `host:port` of every process by its job: `{ 'mooring-target-controller': ['127.0.0.1:8080'] }`. */
  jobs?: Readonly<Record<string, readonly string[]>>;
  /** Further entries of `scrape_configs`, as in Prometheus' own configuration. */
  scrapeConfigs?: readonly object[];
  /** Rule files by path. */
  ruleFiles?: readonly string[];
  /** Seconds between two scrapes and two evaluations; default 1. */
  intervalSeconds?: number;
}

/** One series of an instant query. */
export interface QueryResult {
  metric: Record<string, string>;
  /** Unix seconds, and the value as text. */
  value: [number, string];
}

/** One series of a range query: its labels, and pairs of Unix seconds and the value as text. */
export interface RangeResult {
  metric: Record<string, string>;
  values: [number, string][];
}

/** An alert that is pending or firing. */
export interface ActiveAlert {
  labels: Record<string, string>;
  annotations: Record<string, string>;
  state: 'pending' | 'firing';
}

/** A running Prometheus. */
export interface Prometheus {
  /** `http://127.0.0.1:<port>` */
  url: string;
  /** An instant query; throws with Prometheus' own words when it does not parse. */
  query(expression: string): Promise<QueryResult[]>;
  /** A range query; times in Unix seconds, the step in seconds. */
  queryRange(expression: string, range: { start: number; end: number; step: number }): Promise<RangeResult[]>;
  alerts(): Promise<ActiveAlert[]>;
  stop(): Promise<void>;
}

/** Starts Prometheus (about 0.5 s) on loopback. */
export async function startPrometheus(options: PrometheusOptions): Promise<Prometheus> {
  const root = resolve(options.root);
  await mkdir(root, { recursive: true });
  const port = await freePort();
  const configFile = join(root, 'prometheus.yaml');
  await writeFile(configFile, stringify(configuration(options)));
  const url = `http://127.0.0.1:${String(port)}`;
  const prometheus = await startGuarded(root, {
    name: 'prometheus',
    command: options.command,
    args: [
      `--config.file=${configFile}`,
      `--storage.tsdb.path=${join(root, 'data')}`,
      `--web.listen-address=127.0.0.1:${String(port)}`,
    ],
    env: process.env,
    isReady: async () => (await fetch(`${url}/-/ready`)).ok,
    readyTimeoutMs: 30_000,
    graceMs: 5_000,
  });
  return {
    url,
    query: async (expression) => {
      const { result } = await ask<{ result: QueryResult[] }>(
        `${url}/api/v1/query?query=${encodeURIComponent(expression)}`,
      );
      return result;
    },
    queryRange: async (expression, { start, end, step }) => {
      const query = new URLSearchParams({ query: expression, start: `${start}`, end: `${end}`, step: `${step}` });
      return (await ask<{ result: RangeResult[] }>(`${url}/api/v1/query_range?${query.toString()}`)).result;
    },
    alerts: async () => (await ask<{ alerts: ActiveAlert[] }>(`${url}/api/v1/alerts`)).alerts,
    stop: () => prometheus.stop(),
  };
}

function configuration({
  jobs = {},
  scrapeConfigs = [],
  ruleFiles = [],
  intervalSeconds = 1,
}: PrometheusOptions): object {
  const interval = `${String(intervalSeconds)}s`;
  return {
    global: { scrape_interval: interval, scrape_timeout: interval, evaluation_interval: interval },
    rule_files: ruleFiles,
    scrape_configs: [
      ...Object.entries(jobs).map(([job, targets]) => ({ job_name: job, static_configs: [{ targets }] })),
      ...scrapeConfigs,
    ],
  };
}

async function ask<T>(url: string): Promise<T> {
  const answer = await fetch(url);
  const body = (await answer.json()) as { status: string; data: T; error?: string };
  if (body.status !== 'success') throw new Error(`failed to query Prometheus: ${body.error ?? answer.statusText}`);
  return body.data;
}
