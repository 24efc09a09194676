import { pino } from 'pino';
import type { DestinationStream, Logger as PinoLogger } from 'pino';
import { describeError } from './describe-error.ts';
import { isSecretName, REDACTED, redactText } from './redact.ts';
import { currentSpan } from './trace.ts';

/** A pino logger: `log.info({ key: 'value' }, 'sentence')`; `log.child({ controller })` adds fields to every line. */
export type Logger = PinoLogger;

/** How a logger is made. */
export interface LoggerOptions {
  /** The process's name, in every line as `service`: `target-controller`. */
  service: string;
  /** `trace` … `fatal`, or `silent`; default `info`. */
  level?: string;
  /** Where lines go; default stdout, written synchronously so that nothing is lost at exit. */
  destination?: DestinationStream;
}

/**
 * A logger that writes one JSON object a line with `level`, `time` (ISO), `service`, `msg`, and `trace_id`/`span_id` when a
 * span is active. Members with a secret's name are replaced by `[redacted]`, then the finished line goes through
 * `redactText`: call sites need not think of it. Errors go under `err`: `log.warn({ err }, 'failed to …')`.
 */
export function createLogger({ service, level = 'info', destination }: LoggerOptions): Logger {
  const options = {
    level,
    base: { service },
    timestamp: pino.stdTimeFunctions.isoTime,
    serializers: { err: describeError, error: describeError },
    formatters: {
      level: (label: string) => ({ level: label }),
      log: (fields: Record<string, unknown>) => withoutSecrets(fields),
    },
    mixin: traceFields,
    hooks: { streamWrite: redactText },
  };
  return destination ? pino(options, destination) : pino(options);
}

function traceFields(): Record<string, string> {
  const span = currentSpan();
  return span ? { trace_id: span.traceId, span_id: span.spanId } : {};
}

/** Replaces secrets of any shape (also objects, arrays, buffers), to the depth that is logged in practice. */
function withoutSecrets(fields: Record<string, unknown>, depth = 0): Record<string, unknown> {
  let copy: Record<string, unknown> | undefined;
  for (const [name, value] of Object.entries(fields)) {
    const shown = isSecretName(name)
      ? REDACTED
      : isPlainObject(value) && depth < 5
        ? withoutSecrets(value, depth + 1)
        : value;
    if (shown !== value) (copy ??= { ...fields })[name] = shown;
  }
  return copy ?? fields;
}

function isPlainObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype;
}
