import { resolve } from 'node:path';
import { parseArgs } from 'node:util';

/** What `npm start` was asked for. */
export interface StartOptions {
  /** Absolute; default `.mooring` in the working folder. */
  dataDir: string;
  /** Whether to make the sample targets; default true. */
  hasSample: boolean;
  /** Absolute; absent: none is written. */
  readyFile?: string;
  /** The namespace of the objects; default `longhorn-system`. */
  namespace: string;
}

/** The command line is wrong, or asks for help; the message is for the user. */
export class UsageError extends Error {}

const USAGE = `usage: npm start -- [--data-dir DIR] [--no-sample] [--ready-file FILE] [--namespace NS]

  --data-dir DIR     where everything is kept (default .mooring); a later start on it resumes
  --no-sample        do not make the sample targets
  --ready-file FILE  written as JSON once everything is ready: {kubeconfig, namespace, services}
  --namespace NS     namespace of the backup objects (default longhorn-system)`;

const namespacePattern = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/;

/** Reads the command line (without node and script). Throws UsageError for what it does not know, and for `--help`. */
export function parseStartOptions(args: readonly string[], workingFolder: string): StartOptions {
  const values = readArguments(args);
  if (values.help === true) throw new UsageError(USAGE);
  const namespace = values.namespace ?? 'longhorn-system';
  if (!namespacePattern.test(namespace)) {
    throw new UsageError(`failed to read option '--namespace': '${namespace}' is no namespace name (RFC 1123 label)`);
  }
  if (namespace === 'mooring-system') {
    throw new UsageError("failed to read option '--namespace': 'mooring-system' is for the services; choose another");
  }
  return {
    dataDir: resolve(workingFolder, values['data-dir'] ?? '.mooring'),
    hasSample: values['no-sample'] !== true,
    ...(values['ready-file'] === undefined ? {} : { readyFile: resolve(workingFolder, values['ready-file']) }),
    namespace,
  };
}

function readArguments(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: {
        'data-dir': { type: 'string' },
        'no-sample': { type: 'boolean' },
        'ready-file': { type: 'string' },
        namespace: { type: 'string' },
        help: { type: 'boolean', short: 'h' },
      },
    }).values;
  } catch (cause) {
    throw new UsageError(`${cause instanceof Error ? cause.message : String(cause)}\n${USAGE}`, { cause });
  }
}
