import { createRequire, syncBuiltinESMExports } from 'node:module';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { HttpInstrumentation } from '@opentelemetry/instrumentation-http';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { NodeSDK } from '@opentelemetry/sdk-node';
import type { ReadableSpan, SpanExporter } from '@opentelemetry/sdk-trace';
import { redactText } from './redact.ts';
import { forgetGlobals } from './sdk-traces.ts';

/** What an OTLP start needs. */
export interface OtlpOptions {
  service: string;
  version: string;
  /** Base URL of the collector, `http://collector:4318`; `/v1/traces` is appended. */
  endpoint: string;
}

/** One export with its retries; spans are no data, so half of OTLP's default. */
const EXPORT_MS = 5_000;
/** What the last export may take of the 30 s that a Pod has to end in. */
const SHUTDOWN_MS = 2_000;

/**
 * Starts the Node SDK with an OTLP/HTTP exporter and the instrumentation of node:http(s), which costs about 40 % CPU a request
 * (measured on the webhook, reference/ts-ecosystem §1.5): therefore only here. Headers, sampler and batch sizes follow
 * the standard `OTEL_*` variables.
 */
export function startOtlp({ service, version, endpoint }: OtlpOptions): () => Promise<void> {
  const exporter = new OTLPTraceExporter({
    url: `${endpoint.replace(/\/+$/, '')}/v1/traces`,
    timeoutMillis: EXPORT_MS,
  });
  const sdk = new NodeSDK({
    resource: resourceFromAttributes({ 'service.name': service, 'service.version': version }),
    autoDetectResources: false, // the process detector would export the whole command line
    traceExporter: redacting(exporter),
    metricReaders: [],
    logRecordProcessors: [],
    instrumentations: [new HttpInstrumentation({ ignoreIncomingRequestHook: ({ url }) => isProbe(url) })],
  });
  sdk.start();
  instrumentLoadedModules();
  return async () => {
    await atMost(SHUTDOWN_MS, sdk.shutdown());
    forgetGlobals();
  };
}

/** Waits for the last export, but not for a collector that is away: ending a process must not depend on it. */
async function atMost(milliseconds: number, work: Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const patience = new Promise<void>((resolve) => (timer = setTimeout(resolve, milliseconds)));
  await Promise.race([work.catch(() => undefined), patience]);
  clearTimeout(timer);
}

function isProbe(url: string | undefined): boolean {
  return url === '/healthz' || url === '/readyz' || url === '/metrics' || url === '/v1/healthz';
}

/** The instrumentation waits for a `require` of a module that a bundle has imported long ago; this is that `require`. */
function instrumentLoadedModules(): void {
  const require = createRequire(import.meta.url);
  for (const name of ['http', 'https']) require(name);
  syncBuiltinESMExports();
}

/** An exporter whose spans hold no secret: URLs in HTTP spans carry query strings, status messages what a server said. */
function redacting(exporter: SpanExporter): SpanExporter {
  return {
    export: (spans, done) => exporter.export(spans.map(redactSpan), done),
    shutdown: () => exporter.shutdown(),
    ...(exporter.forceFlush ? { forceFlush: () => exporter.forceFlush?.() ?? Promise.resolve() } : {}),
  };
}

function redactSpan(span: ReadableSpan): ReadableSpan {
  const { message } = span.status;
  return Object.assign(Object.create(span) as ReadableSpan, {
    attributes: redactAttributes(span.attributes),
    events: span.events.map((event) => ({ ...event, attributes: redactAttributes(event.attributes ?? {}) })),
    status: message === undefined ? span.status : { ...span.status, message: redactText(message) },
  });
}

function redactAttributes(attributes: ReadableSpan['attributes']): ReadableSpan['attributes'] {
  return Object.fromEntries(
    Object.entries(attributes)
      .filter(([name]) => name !== 'url.query')
      .map(([name, value]) => [name, typeof value === 'string' ? redactText(value) : value]),
  );
}
