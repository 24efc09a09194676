/** Reads the YAML in ConfigMap `longhorn-default-resource`. */
import type { ConfigMap, Parts } from '../parts.ts';

/**
 * The document under one key; `{}` where there is no ConfigMap or key, `undefined` where it is no YAML (an event says so).
 */
export async function readDefaults(
  parts: Parts,
  configMap: ConfigMap | undefined,
  key: string,
): Promise<{ readonly document: unknown } | undefined> {
  const text = configMap?.data?.[key];
  if (configMap === undefined || text === undefined) return { document: undefined };
  // 13 MiB of memory that only this rare pass needs.
  const { parseYaml } = await import('../parse-yaml.ts');
  try {
    return { document: parseYaml(text) };
  } catch {
    warnOfDefaults(parts, configMap, `key '${key}' is no valid YAML; correct it`);
    return undefined;
  }
}

/** Says in an event on the ConfigMap, and in the log, what in it cannot be used. */
export function warnOfDefaults({ events, log }: Parts, configMap: ConfigMap, message: string): void {
  const subject = { apiVersion: 'v1', kind: 'ConfigMap', metadata: configMap.metadata };
  events.record(subject, { type: 'Warning', reason: 'DefaultResourceInvalid', message });
  log.warn({ configMap: configMap.metadata.name }, message);
}
