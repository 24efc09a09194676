import { useInstruments } from './metrics.ts';
import { observeProcess } from './process-metrics.ts';

/** How telemetry starts. */
export interface TelemetryOptions {
  /** The process's name: `target-controller`. */
  service: string;
  /** Its version: `0.1.0`. */
  version: string;
  /** Collector for traces, OTLP over HTTP: `http://collector:4318`. Absent or empty: trace ids without export. */
  otlpEndpoint?: string | undefined;
}

/** Running telemetry. */
export interface Telemetry {
  /** Sends what is left (a few seconds at most) and takes everything back. May be called twice. */
  shutdown(): Promise<void>;
}

/**
 * Starts metrics and traces of this process; call it once, first thing in `main`. The SDKs are loaded here and not with
 * this package, so that a command line tool pays nothing for them; OTLP's only with an endpoint.
 */
export async function startTelemetry({ service, version, otlpEndpoint }: TelemetryOptions): Promise<Telemetry> {
  const { sdkInstruments } = await import('./sdk-metrics.ts');
  useInstruments(sdkInstruments());
  const stopProcess = observeProcess({ service, version });
  const stopTraces = await startTraces({ service, version, otlpEndpoint });
  let stopping: Promise<void> | undefined;
  return {
    shutdown: () =>
      (stopping ??= stopTraces().finally(() => {
        stopProcess();
        useInstruments(undefined);
      })),
  };
}

async function startTraces({ service, version, otlpEndpoint }: TelemetryOptions): Promise<() => Promise<void>> {
  if (otlpEndpoint) {
    const { startOtlp } = await import('./sdk-otlp.ts');
    return startOtlp({ service, version, endpoint: otlpEndpoint });
  }
  const { startTraceIds } = await import('./sdk-traces.ts');
  return startTraceIds();
}
