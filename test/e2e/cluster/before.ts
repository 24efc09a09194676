import { readFile, writeFile } from 'node:fs/promises';
import { run, tryRun } from './commands.ts';

/** What kubelet, kube-proxy and we change on the machine itself. */
const SYSCTLS = [
  'net/ipv4/ip_forward',
  'net/ipv4/conf/all/forwarding',
  'net/ipv4/conf/default/forwarding',
  'net/ipv6/conf/all/forwarding',
  'net/ipv4/conf/all/route_localnet',
  'net/bridge/bridge-nf-call-iptables',
  'net/netfilter/nf_conntrack_max',
  'net/netfilter/nf_conntrack_tcp_be_liberal',
  'net/netfilter/nf_conntrack_tcp_timeout_established',
  'net/netfilter/nf_conntrack_tcp_timeout_close_wait',
  'vm/overcommit_memory',
  'vm/panic_on_oom',
  'kernel/panic',
  'kernel/panic_on_oops',
  'kernel/keys/root_maxkeys',
  'kernel/keys/root_maxbytes',
];

/** The machine's own state, as it was before the cluster. */
export interface Before {
  sysctls: Record<string, string>;
  /** `private`, `shared`: how mounts below `/` propagate. */
  propagation: string;
  /** `ip nat`, `inet filter`: the nftables tables. */
  tables: string[];
}

/** The nftables tables that are there now. */
export async function listTables(): Promise<string[]> {
  const lines = (await tryRun('nft', ['list', 'tables'])).split('\n');
  return lines.flatMap((line) => (line.startsWith('table ') ? [line.slice('table '.length)] : []));
}

/** Reads the machine's state. */
export async function readBefore(): Promise<Before> {
  const sysctls: Record<string, string> = {};
  for (const name of SYSCTLS) {
    const value = await readFile(`/proc/sys/${name}`, 'utf8').catch(() => undefined);
    if (value !== undefined) sysctls[name] = value.trim();
  }
  const propagation = (await run('findmnt', ['-no', 'PROPAGATION', '/'])).trim();
  return { sysctls, propagation, tables: await listTables() };
}

/** What a node needs: forwarding, bridged packets through the rules, and mounts that reach into Pods. */
export async function prepareMachine(): Promise<void> {
  const needed = { 'net/ipv4/ip_forward': '1', 'net/bridge/bridge-nf-call-iptables': '1' };
  for (const [name, value] of Object.entries(needed)) {
    // Without the bridge module there is no such file, and bridged packets need no rule.
    await writeFile(`/proc/sys/${name}`, value).catch((cause: unknown) => {
      if (name === 'net/ipv4/ip_forward') throw cause;
    });
  }
  await run('mount', ['--make-shared', '/']);
}

/** Puts the machine's own state back. */
export async function restoreMachine(before: Before): Promise<void> {
  for (const [name, value] of Object.entries(before.sysctls)) {
    const now = await readFile(`/proc/sys/${name}`, 'utf8').catch(() => value);
    if (now.trim() !== value) await writeFile(`/proc/sys/${name}`, value).catch(() => undefined);
  }
  if (before.propagation === 'private') await tryRun('mount', ['--make-private', '/']);
}
