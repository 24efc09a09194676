import { context, propagation, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { W3CTraceContextPropagator } from '@opentelemetry/core';
import { AlwaysOffSampler, TracerProvider } from '@opentelemetry/sdk-trace';

/**
 * Trace ids without recording: logs carry them and traceparent travels on, but no span is kept. 3 MiB less than the Node
 * SDK needs, and no measurable CPU.
 */
export function startTraceIds(): () => Promise<void> {
  const provider = new TracerProvider({ sampler: new AlwaysOffSampler() });
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  propagation.setGlobalPropagator(new W3CTraceContextPropagator());
  trace.setGlobalTracerProvider(provider);
  return async () => {
    await provider.shutdown();
    forgetGlobals();
  };
}

/** Takes back what a start has set globally, so that a process (a test) can start again. */
export function forgetGlobals(): void {
  trace.disable();
  context.disable();
  propagation.disable();
}
