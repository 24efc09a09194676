import type { KubeManifest } from '../kube/resources.ts';
import { rightReasons, type RightReason } from './rights-reasons.ts';

/** One right of one ServiceAccount. */
export interface Right {
  /** The service; `install` and `uninstall` are the hooks' Jobs. */
  readonly subject: string;
  /** Namespace, or `the cluster`. */
  readonly where: string;
  readonly resource: string;
  /** Only objects of these names; empty: all. */
  readonly names: readonly string[];
  readonly verb: string;
}

interface Role extends KubeManifest {
  readonly rules?: readonly {
    readonly resources?: readonly string[];
    readonly resourceNames?: readonly string[];
    readonly verbs: readonly string[];
  }[];
}

/** Every right that the Roles and ClusterRoles among `objects` give, one verb each. */
export function rightsIn(objects: readonly KubeManifest[]): Right[] {
  return objects
    .filter(({ kind }) => kind === 'Role' || kind === 'ClusterRole')
    .flatMap((role: Role) =>
      (role.rules ?? []).flatMap(({ resources = [], resourceNames = [], verbs }) =>
        resources.flatMap((resource) =>
          verbs.map((verb) => ({
            subject: role.metadata.labels?.['app.kubernetes.io/component'] ?? role.metadata.name,
            where: role.metadata.namespace ?? 'the cluster',
            resource,
            names: resourceNames,
            verb,
          })),
        ),
      ),
    );
}

/** The reason for a right; undefined when none is written down. */
export function reasonFor({ subject, resource, verb, names }: Right): RightReason | undefined {
  return rightReasons.find(
    ({ of, resources, verbs, isNamed = false }) =>
      (of?.includes(subject) ?? true) &&
      resources.includes(resource) &&
      verbs.includes(verb) &&
      (!isNamed || names.length > 0),
  );
}

/** A table for each ServiceAccount, in Markdown. Rights of one reason share a row. */
export function rightsTables(rights: readonly Right[]): string {
  const subjects = [...new Set(rights.map(({ subject }) => subject))];
  return subjects
    .map((subject) => `${heading(subject)}\n${table(rights.filter((right) => right.subject === subject))}`)
    .join('\n');
}

function heading(subject: string): string {
  const isHook = subject === 'install' || subject === 'uninstall';
  return `### ${isHook ? `The Job that runs at an ${subject}` : subject}\n`;
}

interface Row extends Omit<Right, 'resource' | 'verb' | 'subject'> {
  readonly resources: string[];
  readonly verbs: string[];
  readonly why: string;
}

/** One row for what has the same place, names, verbs and reason. */
function table(rights: readonly Right[]): string {
  const byResource = merged(rights.map(rowOf), ({ where, names, resources, why }) => [where, names, resources, why]);
  const rows = merged(byResource, ({ where, names, verbs, why }) => [where, names, verbs, why]);
  const lines = rows.map(({ resources, names, verbs, where, why }) => {
    const cells = [resources.map(code).join(', ') + limitedTo(names), verbs.join(', '), where, why];
    return `| ${cells.join(' | ')} |\n`;
  });
  return `| on | may | in | because |\n|---|---|---|---|\n${lines.join('')}`;
}

function rowOf(right: Right): Row {
  const { where, names, resource, verb } = right;
  return { where, names, resources: [resource], verbs: [verb], why: reasonFor(right)?.why ?? '' };
}

/** Puts rows of one key together: their resources and verbs side by side. */
function merged(rows: readonly Row[], keyOf: (row: Row) => unknown): Row[] {
  const groups = Map.groupBy(rows, (row) => JSON.stringify(keyOf(row)));
  return [...groups.values()].flatMap(([first, ...others]) => {
    if (first === undefined) return [];
    const all = [first, ...others];
    return [
      {
        ...first,
        resources: [...new Set(all.flatMap(({ resources }) => resources))],
        verbs: [...new Set(all.flatMap(({ verbs }) => verbs))],
      },
    ];
  });
}

function limitedTo(names: readonly string[]): string {
  if (names.length === 0) return '';
  return names.length > 3 ? ' (only our own)' : `: ${names.map(code).join(', ')}`;
}

function code(text: string): string {
  return `\`${text}\``;
}
