import { context, isSpanContextValid, propagation, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import type { Attributes, Context, Span } from '@opentelemetry/api';
import { redactText } from './redact.ts';

/** Attributes of a span: strings, numbers, booleans; names as OpenTelemetry's (`k8s.object.name`) or `mooring.…`. */
export type SpanAttributes = Attributes;

/** The ids of a span, in lower-case hex: 32 and 16 digits. */
export interface SpanIds {
  traceId: string;
  spanId: string;
}

const TRACER = 'mooring';

/**
 * Runs `fn` in a new span, child of the active one. The span ends when `fn`'s result settles; an error is recorded (its
 * text redacted) and passed on. Before `startTelemetry` it only runs `fn`.
 */
export async function withSpan<T>(
  name: string,
  attributes: SpanAttributes,
  fn: (span: Span) => Promise<T> | T,
): Promise<T> {
  const kind = attributes['rpc.system'] === undefined ? SpanKind.INTERNAL : SpanKind.CLIENT;
  return trace.getTracer(TRACER).startActiveSpan(name, { attributes, kind }, async (span) => {
    try {
      return await fn(span);
    } catch (error) {
      recordError(span, error);
      throw error;
    } finally {
      span.end();
    }
  });
}

function recordError(span: Span, error: unknown): void {
  const message = redactText(error instanceof Error ? error.message : String(error));
  span.addEvent('exception', {
    'exception.type': error instanceof Error ? error.name : typeof error,
    'exception.message': message,
  });
  span.setStatus({ code: SpanStatusCode.ERROR, message });
}

/** The active span's ids, or undefined outside of any span (and before `startTelemetry`). */
export function currentSpan(): SpanIds | undefined {
  const spanContext = trace.getSpanContext(context.active());
  if (!spanContext || !isSpanContextValid(spanContext)) return undefined;
  return { traceId: spanContext.traceId, spanId: spanContext.spanId };
}

/**
 * The active span as a W3C traceparent, for a header or the annotation `mooring.io/traceparent`:
 * `00-<32 hex>-<16 hex>-01`; undefined outside of any span.
 */
export function traceparent(): string | undefined {
  const carrier: Record<string, string> = {};
  propagation.inject(context.active(), carrier);
  return carrier['traceparent'];
}

/** Runs `fn` as part of the trace that a W3C traceparent names; absent or malformed: as a trace of its own. */
export function withRemoteParent<T>(parent: string | undefined, fn: () => T): T {
  return context.with(remoteContext(parent), fn);
}

function remoteContext(parent: string | undefined): Context {
  const own = trace.deleteSpan(context.active());
  return parent === undefined ? own : propagation.extract(own, { traceparent: parent });
}
