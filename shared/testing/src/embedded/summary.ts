import { relative } from 'node:path';
import { getTable } from '../kube/table.ts';
import type { ApiClient } from '../kube/api-client.ts';
import { objectsPath } from './sample.ts';
import { RELEASE_NAMESPACE } from './services.ts';

/** What the summary tells about. */
export interface SummaryInput {
  api: ApiClient;
  kubeconfig: string;
  namespace: string;
  hasSample: boolean;
  dataDir: string;
  /** Milliseconds since the start. */
  elapsedMs: number;
  /** Seconds of each part. */
  timings: Record<string, number>;
}

function shell(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", String.raw`'\''`)}'`;
}

/** The shorter of the absolute path and the one from the working folder. */
function short(path: string): string {
  const fromHere = relative(process.cwd(), path);
  return shell(fromHere.startsWith('..') ? path : fromHere);
}

const ANOTHER_TARGET = `  kubectl apply -f - <<EOF                       # another store: s3://, azblob:// or vfs:///
  apiVersion: longhorn.io/v1beta2
  kind: BackupTarget
  metadata: { name: mine, namespace: NAMESPACE }
  spec: { backupTargetURL: "vfs:///absolute/folder", pollInterval: 5m0s }
  EOF`;

/** `control plane 3.1 s, services 0.9 s`: only what took a tenth of a second or more. */
function renderTimings(timings: Record<string, number>): string {
  const parts = Object.entries(timings).filter(([, seconds]) => seconds >= 0.1);
  return parts.map(([name, seconds]) => `${name} ${seconds.toFixed(1)} s`).join(', ');
}

/** What a user sees when everything is ready: where it is, what is in it, and what to try. */
export async function renderSummary(input: SummaryInput): Promise<string> {
  const { api, namespace } = input;
  const tables = input.hasSample
    ? await Promise.all(
        ['backuptargets', 'backupvolumes', 'backups'].map(
          async (plural) =>
            `$ kubectl -n ${namespace} get ${plural}\n${await getTable(api, `${objectsPath(namespace)}/${plural}`)}\n`,
        ),
      )
    : [];
  const tries = [
    `  export KUBECONFIG=${short(input.kubeconfig)}`,
    ...(input.hasSample
      ? [
          `  kubectl get backups -w                         # the namespace ${namespace} is the default one`,
          `  kubectl -n ${RELEASE_NAMESPACE} get pods -w           # movers at work on the sample volume, after the first start`,
          `  kubectl describe backuptarget sample           # condition, events`,
          `  kubectl delete backuptarget default            # refused: it is protected`,
          `  kubectl patch backuptarget sample --type=merge \\`,
          `    -p '{"spec":{"syncRequestedAt":"'$(date -u +%FT%TZ)'"}}'      # sync now`,
        ]
      : []),
    ANOTHER_TARGET.replace('NAMESPACE', namespace),
  ];
  return [
    '',
    ...tables,
    `Mooring is ready after ${(input.elapsedMs / 1_000).toFixed(1)} s (${renderTimings(input.timings)}).`,
    `Kubeconfig: ${short(input.kubeconfig)}`,
    `Logs: ${short(input.dataDir)}/logs. Ctrl-C stops everything; the next start resumes.`,
    '',
    'Try:',
    ...tries,
    '',
  ].join('\n');
}
