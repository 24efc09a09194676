import { readdirSync, readFileSync } from 'node:fs';
import type { ApiClient } from '@mooring/testing';

/** CPU and memory of one process since its start. */
export interface ProcessUse {
  cpuSeconds: number;
  rssMiB: number;
  peakMiB: number;
}

/** Ticks of /proc/<pid>/stat a second: fixed on Linux. */
const TICKS_PER_SECOND = 100;

/** Reads what the kernel accounted to `pid`. Linux only. */
export function processUse(pid: number): ProcessUse {
  const stat = readFileSync(`/proc/${String(pid)}/stat`, 'utf8');
  // Fields after the command's closing parenthesis: utime and stime are the 12th and 13th of them.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const status = readFileSync(`/proc/${String(pid)}/status`, 'utf8');
  const kib = (name: string) => Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(status)?.[1] ?? 0);
  return {
    cpuSeconds: (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND,
    rssMiB: Math.round(kib('VmRSS') / 1024),
    peakMiB: Math.round(kib('VmHWM') / 1024),
  };
}

/** Descendants of this process whose program has one of these names (its start: binaries carry their version). */
export function childrenNamed(names: readonly string[]): (readonly [string, number])[] {
  const parents = new Map<number, { parent: number; name: string }>();
  for (const pid of readdirSync('/proc').filter((entry) => /^\d+$/.test(entry))) {
    try {
      const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
      const parent = Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
      parents.set(Number(pid), { parent, name: stat.slice(stat.indexOf('(') + 1, stat.lastIndexOf(')')) });
    } catch {
      // Ended meanwhile.
    }
  }
  const isOurs = (pid: number): boolean => {
    for (let at = pid; at > 1; at = parents.get(at)?.parent ?? 0) if (at === process.pid) return true;
    return false;
  };
  return [...parents].flatMap(([pid, { name }]) => {
    const known = names.find((wanted) => name.startsWith(wanted.slice(0, 15)));
    return known !== undefined && isOurs(pid) ? [[known, pid] as const] : [];
  });
}

/** Writes to `longhorn.io` kinds that the API server has answered, by verb and resource. */
export async function apiWrites(api: ApiClient): Promise<Record<string, number>> {
  const page = await api.request<string>({ path: '/metrics', accept: 'text/plain' });
  const writes: Record<string, number> = {};
  for (const line of page.split('\n')) {
    if (!line.startsWith('apiserver_request_total{') || !line.includes('group="longhorn.io"')) continue;
    const label = (name: string) => new RegExp(`${name}="([^"]*)"`).exec(line)?.[1] ?? '';
    const verb = label('verb');
    if (!/^(POST|PUT|PATCH|APPLY|DELETE)$/.test(verb)) continue;
    const key = `${verb} ${label('resource')}${label('subresource') ? `/${label('subresource')}` : ''}`;
    writes[key] = (writes[key] ?? 0) + Number(line.slice(line.lastIndexOf(' ')));
  }
  return writes;
}

/** What was added between two counts; members that did not change are left out. */
export function difference(before: Record<string, number>, after: Record<string, number>): Record<string, number> {
  const changed = Object.entries(after).map(([key, value]) => [key, value - (before[key] ?? 0)] as const);
  return Object.fromEntries(changed.filter(([, value]) => value !== 0));
}

/** `PATCH backups/status 10, POST backups 10`. */
export function describeCounts(counts: Record<string, number>): string {
  const entries = Object.entries(counts).sort(([a], [b]) => a.localeCompare(b));
  return entries.map(([key, value]) => `${key} ${String(value)}`).join(', ') || 'none';
}
