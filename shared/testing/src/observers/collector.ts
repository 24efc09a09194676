import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { stringify } from 'yaml';
import { ensureBinaries } from '../binaries/ensure-binaries.ts';
import { freePort } from '../processes/ports.ts';
import { startGuarded } from '../processes/guarded.ts';

/** One span as the collector wrote it. */
export interface CollectedSpan {
  /** `service.name` of the process: `target-controller`. */
  service: string;
  name: string;
  /** 32 hex digits. */
  traceId: string;
  /** 16 hex digits. */
  spanId: string;
  /** `''` for a root. */
  parentSpanId: string;
}

/** A running OpenTelemetry collector. */
export interface Collector {
  /** Base URL for `OTEL_EXPORTER_OTLP_ENDPOINT`: `http://127.0.0.1:4318`. */
  endpoint: string;
  /** Everything that it received so far, as it wrote it: a line of OTLP JSON for each export. */
  text(): Promise<string>;
  /** The spans in that text. */
  spans(): Promise<CollectedSpan[]>;
  /** Ends it; what it received is in the file then. */
  stop(): Promise<void>;
}

interface TraceExport {
  resourceSpans: {
    resource: { attributes: { key: string; value: { stringValue?: string } }[] };
    scopeSpans: { spans: (Omit<CollectedSpan, 'service' | 'parentSpanId'> & { parentSpanId?: string })[] }[];
  }[];
}

/** How the collector is started. */
export interface CollectorOptions {
  /** Folder for its configuration, its log and what it receives. */
  root: string;
  /** The address that it listens on; default 127.0.0.1. */
  host?: string;
}

/** Starts an OpenTelemetry collector (about 0.3 s): OTLP over HTTP in, a file below `root` out. */
export async function startCollector(options: CollectorOptions): Promise<Collector> {
  const root = resolve(options.root);
  const host = options.host ?? '127.0.0.1';
  await mkdir(root, { recursive: true });
  const { otelcol } = await ensureBinaries(['otelcol']);
  const port = await freePort();
  const file = join(root, 'traces.jsonl');
  const configFile = join(root, 'collector.yaml');
  await writeFile(configFile, stringify(configuration({ address: `${host}:${String(port)}`, file })));
  const endpoint = `http://${host}:${String(port)}`;
  const collector = await startGuarded(root, {
    name: 'otelcol',
    command: otelcol,
    args: ['--config', `file:${configFile}`],
    env: process.env,
    isReady: () => takesTraces(endpoint),
    readyTimeoutMs: 15_000,
    graceMs: 5_000,
  });
  const text = () => readFile(file, 'utf8').catch(() => '');
  return {
    endpoint,
    text,
    spans: async () => spansOf(await text()),
    stop: () => collector.stop(),
  };
}

function configuration({ address, file }: { address: string; file: string }): object {
  return {
    receivers: { otlp: { protocols: { http: { endpoint: address } } } },
    exporters: { file: { path: file, flush_interval: '100ms' } },
    service: {
      telemetry: { metrics: { level: 'none' } },
      pipelines: { traces: { receivers: ['otlp'], exporters: ['file'] } },
    },
  };
}

async function takesTraces(endpoint: string): Promise<boolean> {
  const headers = { 'content-type': 'application/json' };
  const answer = await fetch(`${endpoint}/v1/traces`, { method: 'POST', headers, body: '{}' });
  await answer.body?.cancel();
  return answer.ok;
}

function spansOf(text: string): CollectedSpan[] {
  const exports = text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as TraceExport);
  return exports.flatMap(({ resourceSpans }) =>
    resourceSpans.flatMap(({ resource, scopeSpans }) => {
      const service = resource.attributes.find(({ key }) => key === 'service.name')?.value.stringValue ?? '';
      return scopeSpans.flatMap(({ spans }) =>
        spans.map(({ name, traceId, spanId, parentSpanId = '' }) => ({ service, name, traceId, spanId, parentSpanId })),
      );
    }),
  );
}
