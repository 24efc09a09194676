import { listTables } from './before.ts';
import { tryRun } from './commands.ts';

/** Chains of kubelet (KUBE-) and of the CNI programs (CNI-). */
const OURS = /^(KUBE|CNI)-/;

const programs = ['iptables', 'ip6tables'] as const;
const families = { iptables: 'ip', ip6tables: 'ip6' } as const;
const tables = ['filter', 'nat', 'mangle'] as const;

/** `-A POSTROUTING -m comment --comment "name: \\"a\\"" -j CNI-x` as words, without quotes and their escapes. */
function words(rule: string): string[] {
  const found = rule.match(/"(?:[^"\\]|\\.)*"|\S+/g) ?? [];
  return found.map((word) => (word.startsWith('"') ? word.slice(1, -1).replace(/\\(.)/g, '$1') : word));
}

/** Removes chains of ours from one table of iptables, and the rules that lead to them. */
async function removeChains(program: (typeof programs)[number], table: string): Promise<void> {
  const lines = (await tryRun(`${program}-save`, ['-t', table])).split('\n');
  const rules = lines.filter((line) => line.startsWith('-A ')).map(words);
  for (const rule of rules) {
    const isLeadingToOurs = OURS.test(rule[rule.indexOf('-j') + 1] ?? '') && !OURS.test(rule[1] ?? '');
    if (isLeadingToOurs) await tryRun(program, ['-t', table, '-D', ...rule.slice(1)]);
  }
  const chains = lines.flatMap((line) => (line.startsWith(':') ? [line.slice(1).split(' ')[0] ?? ''] : []));
  const ours = chains.filter((chain) => OURS.test(chain));
  for (const chain of ours) await tryRun(program, ['-t', table, '-F', chain]);
  for (const chain of ours) await tryRun(program, ['-t', table, '-X', chain]);
}

/** Whether a table holds chains without a rule and nothing else. */
async function isWithoutRules(table: string): Promise<boolean> {
  const text = await tryRun('nft', ['list', 'table', ...table.split(' ')]);
  return text.split('\n').every((line) => /^\s*(table .*|chain .*|type .*|\}|)$/.test(line));
}

/** Takes away what kube-proxy, kubelet and the CNI programs left; tables in `before` stay, whatever is in them. */
export async function removeRules(before: readonly string[]): Promise<void> {
  for (const table of ['ip kube-proxy', 'ip6 kube-proxy'])
    await tryRun('nft', ['delete', 'table', ...table.split(' ')]);
  for (const program of programs) for (const table of tables) await removeChains(program, table);
  const nowEmpty = programs.flatMap((program) => tables.map((table) => `${families[program]} ${table}`));
  const there = await listTables();
  for (const table of nowEmpty.filter((name) => there.includes(name) && !before.includes(name))) {
    if (await isWithoutRules(table)) await tryRun('nft', ['delete', 'table', ...table.split(' ')]);
  }
}
