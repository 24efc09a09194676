import type { Command } from 'commander';
import type { KubeClient } from '@mooring/runtime';
import type { InstallOptions } from './commands/install-check.ts';
import type { Context, ErrorChannel } from './context.ts';

/** Runs one command and keeps its exit code. */
export type Run = (channel: ErrorChannel, command: () => Promise<string>) => Promise<void>;

/** Flags of `uninstall release`, as they are typed. */
interface UninstallFlags {
  readonly release: string;
  readonly namespace: string;
  readonly objectNamespace: string;
  readonly timeout: string;
}

/**
 * The commands that speak to a cluster: what the chart's hook Jobs run. Their code is loaded when one is called, because the client for the
 * API server takes longer to load than a read command takes in all.
 */
export function addClusterCommands(program: Command, context: Context, on: Run): void {
  const say = (line: string): void => context.world.stdout(`${line}\n`);
  const command = async (work: (kube: KubeClient) => Promise<string>): Promise<void> => {
    await on('stdout', async () => {
      const { withCluster } = await import('./cluster.ts');
      return await withCluster(context.world, work);
    });
  };
  const install = program.command('install').description('what comes before an installation (the chart runs it)');
  install
    .command('check')
    .description('whether this cluster can take an installation that brings no CustomResourceDefinitions')
    .option('--coexistence', 'beside a Longhorn, whose kinds are used as they are')
    .action((flags: InstallOptions) =>
      command(async (kube) => (await import('./commands/install-check.ts')).checkInstall(kube, flags)),
    );
  install
    .command('apply-crds')
    .description('install or upgrade the CustomResourceDefinitions; newer ones stay')
    .option('--object-namespace <name>', 'namespace of the objects', 'longhorn-system')
    .action((flags: { objectNamespace: string }) =>
      command(async (kube) => (await import('./commands/install-crds.ts')).applyCrds(kube, { ...flags, say })),
    );
  const uninstall = program.command('uninstall').description('what comes before an uninstall (the chart runs it)');
  uninstall
    .command('release')
    .description('stop the controllers and take our finalizer off all objects; nothing in a store is touched')
    .requiredOption('--release <name>', 'name of the helm release')
    .requiredOption('--namespace <name>', 'namespace of the helm release')
    .option('--object-namespace <name>', 'namespace of the objects', 'longhorn-system')
    .option('--timeout <seconds>', 'time for everything', '240')
    .action(({ timeout, ...flags }: UninstallFlags) =>
      command(async (kube) => {
        const { uninstallRelease } = await import('./commands/uninstall-release.ts');
        return await uninstallRelease(kube, { ...flags, timeoutMs: Number(timeout) * 1_000, say });
      }),
    );
}
