import { readFile } from 'node:fs/promises';

/** What one process has used. */
export interface ProcessUsage {
  /** User and system time, seconds. */
  cpuSeconds: number;
  /** Resident memory now, bytes. */
  residentBytes: number;
  /** The most it ever was, bytes. */
  peakResidentBytes: number;
}

/** Clock ticks a second in `/proc`: 100 on every Linux that Node runs on. */
const TICKS_PER_SECOND = 100;

function kibibytes(status: string, field: string): number {
  return Number(new RegExp(`^${field}:\\s+(\\d+) kB$`, 'm').exec(status)?.[1] ?? 0) * 1024;
}

/** Reads CPU time and memory of a process from `/proc` (Linux only). Throws ENOENT when it does not run. */
export async function processUsage(pid: number): Promise<ProcessUsage> {
  const [stat, status] = await Promise.all(
    ['stat', 'status'].map((name) => readFile(`/proc/${String(pid)}/${name}`, 'utf8')),
  );
  const fields = (stat ?? '').slice((stat ?? '').lastIndexOf(')') + 2).split(' ');
  return {
    cpuSeconds: (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND,
    residentBytes: kibibytes(status ?? '', 'VmRSS'),
    peakResidentBytes: kibibytes(status ?? '', 'VmHWM'),
  };
}
