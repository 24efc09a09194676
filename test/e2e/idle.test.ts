import { expect } from 'chai';
import { setTimeout as delay } from 'node:timers/promises';
import { bed, say } from './bed.ts';
import { network } from './cluster/layout.ts';
import { waitForPods } from './objects.ts';
import { ensureInstalled, RELEASE_NAMESPACE } from './release.ts';

/** The bounds. */
const IDLE_MILLICORES = 30;
const WORKING_SET_MIB = 80;

/** After the start's work; and how long is measured. */
const SETTLE_MS = 30_000;
const WINDOW_MS = 60_000;

interface Summary {
  pods: {
    podRef: { name: string; namespace: string };
    containers?: { cpu: { time: string; usageCoreNanoSeconds: number }; memory: { workingSetBytes: number } }[];
  }[];
}

interface Usage {
  cpuNanoseconds: number;
  atMs: number;
  workingSetMib: number;
}

async function usages(): Promise<Map<string, Usage>> {
  const path = `/api/v1/nodes/${network.node}/proxy/stats/summary`;
  const { pods } = await bed().api.request<Summary>({ path });
  const ours = pods.filter(({ podRef }) => podRef.namespace === RELEASE_NAMESPACE);
  return new Map(
    ours.flatMap(({ podRef, containers = [] }) =>
      containers.map(({ cpu, memory }) => [
        podRef.name,
        {
          cpuNanoseconds: cpu.usageCoreNanoSeconds,
          atMs: Date.parse(cpu.time),
          workingSetMib: memory.workingSetBytes / 1024 ** 2,
        },
      ]),
    ),
  );
}

describe('an idle installation', () => {
  before(async () => {
    await ensureInstalled();
    await waitForPods(10);
  });

  it('takes little CPU and memory', async () => {
    await delay(SETTLE_MS);
    const first = await usages();
    await delay(WINDOW_MS);
    const second = await usages();
    const rows = [...second].map(([name, now]) => {
      const then = first.get(name) ?? now;
      const millicores = (now.cpuNanoseconds - then.cpuNanoseconds) / 1e6 / ((now.atMs - then.atMs) / 1000);
      return { name, millicores, workingSetMib: now.workingSetMib };
    });
    for (const { name, millicores, workingSetMib } of rows)
      say(`${name}: ${millicores.toFixed(1)} m, ${workingSetMib.toFixed(0)} MiB`);
    const total = rows.reduce((sum, { millicores }) => sum + millicores, 0);
    say(`all ten: ${total.toFixed(1)} m`);
    expect(rows).to.have.length(10);
    for (const { name, workingSetMib } of rows) expect(workingSetMib, name).to.be.at.most(WORKING_SET_MIB);
    expect(total).to.be.at.most(IDLE_MILLICORES);
  });
});
