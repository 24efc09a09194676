import { Command, CommanderError } from 'commander';
import { addClusterCommands } from './cluster-commands.ts';
import { inspectBackingImage, listBackingImageNames } from './commands/backing-images.ts';
import { createFileBackup, type CreateFlags } from './commands/backup-create.ts';
import { inspectBackup, inspectVolume, showHead } from './commands/backup-inspect.ts';
import { listBackups, type ListOptions } from './commands/backup-list.ts';
import { probe } from './commands/store-probe.ts';
import { listSystemBackupPlaces, showSystemBackupConfig } from './commands/system-backups.ts';
import { addBackingImageCommands, addDataCommands, addSystemBackupFileCommands } from './data-commands.ts';
import { createContext, runCommand, type Context, type ErrorChannel, type World } from './context.ts';

/**
 * Runs the command line and returns its exit code: 0, 1 for any error, 2 for an installation that is refused. Names, flags, output and channels are those of
 * `longhorn backup …` and `longhorn system-backup …` (backupstore-format §7), so that scripts written for them go on.
 */
export async function run(args: readonly string[], world: World): Promise<number> {
  const context = createContext(world);
  const result = { exitCode: 0 };
  const program = new Command('mooring');
  program
    .description(
      'Longhorn backup stores, read and checked. Credentials come from the environment variables of Longhorn.',
    )
    .option('--debug', 'accepted for compatibility')
    .option('--url <url>', 'accepted for compatibility')
    .option('--volume-name <name>', 'accepted for compatibility');
  addBackupCommands(program.command('backup').alias('backups').description('volumes and backups'), context, result);
  addSystemBackupCommands(program.command('system-backup').description('system backups'), context, result);
  addBackingImageCommands(
    program.command('backing-image').description('backing images'),
    context,
    actions(context, result),
  );
  addStoreCommands(program.command('store').description('object stores'), context, result);
  addClusterCommands(program, context, actions(context, result));
  quiet(program, world);
  try {
    await program.parseAsync(args, { from: 'user' });
    return result.exitCode;
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    return error.exitCode === 0 ? 0 : 1;
  }
}

type Result = { exitCode: number };

function addBackupCommands(parent: Command, context: Context, result: Result): void {
  const on = actions(context, result);
  parent
    .command('list')
    .alias('ls')
    .description('list volumes and the names of their backups')
    .argument('[dest]', 'URL of the store')
    .option('--volume <name>', 'only this volume')
    .option('--volume-only', 'without the backups')
    .action(async (url: string | undefined, options: ListOptions) => {
      await on('stdout', async () => await listBackups(context, url, options));
    });
  addCreateCommand(parent, context, result);
  addDataCommands(parent, context, on);
  const commands = [
    ['inspect', 'show one backup', 'stdout', inspectBackup],
    ['inspect-volume', 'show one volume', 'stdout', inspectVolume],
    ['head', 'show when a volume or backup was last written', 'stdout', showHead],
    ['ls-backing-image', 'list backing images', 'stdout', listBackingImageNames],
    ['inspect-backing-image', 'show one backing image', 'log', inspectBackingImage],
  ] as const;
  for (const [name, description, channel, command] of commands) {
    const action = async (url: string | undefined): Promise<void> => {
      await on(channel, async () => await command(context, url));
    };
    parent.command(name).description(description).argument('[url]').action(action);
  }
}

function addCreateCommand(parent: Command, context: Context, result: Result): void {
  const on = actions(context, result);
  const repeated = (value: string, before: readonly string[] = []): readonly string[] => [...before, value];
  parent
    .command('create')
    .description('back up a file or block device')
    .argument('[file]', 'the file; its size must be a multiple of the block size')
    .option('--dest <url>', 'URL of the store')
    .option('--volume <name>', 'name of the volume in the store')
    .option('--backup-name <name>', 'default: a new one; give it to go on with a backup that was interrupted')
    .option('--snapshot-name <name>', 'default: follows from the path, size and time of the file')
    .option('--snapshot-created <time>', 'RFC 3339; default: when the file was last written')
    .option('--mode <mode>', 'full: send every block again; incremental: only what the store has not')
    .option('--compression-method <method>', 'none, gzip or lz4; only the first backup of a volume decides', 'lz4')
    .option('--backup-block-size <MiB>', '2 or 16', '2')
    .option('--concurrent-limit <number>', 'blocks written at once', '1')
    .option('--label <key=value>', 'may be given several times', repeated)
    .option('--backing-image-name <name>', 'recorded in the volume')
    .option('--backing-image-checksum <sha512>', 'recorded in the volume')
    .option('--storage-class-name <name>', 'recorded in the volume')
    .option('-o, --output <format>', 'json: more than the line of Longhorn')
    .action(async (file: string | undefined, flags: CreateFlags) => {
      await on('log', async () => await createFileBackup(context, file, flags));
    });
}

function addSystemBackupCommands(parent: Command, context: Context, result: Result): void {
  const on = actions(context, result);
  parent
    .command('list')
    .alias('ls')
    .description('list system backups')
    .argument('[dest]', 'URL of the store')
    .action(async (url: string | undefined) => {
      await on('log', async () => await listSystemBackupPlaces(context, url));
    });
  parent
    .command('get-config')
    .description('show one system backup')
    .argument('[url]', 'URL of the system backup')
    .action(async (url: string | undefined) => {
      await on('log', async () => await showSystemBackupConfig(context, url));
    });
  addSystemBackupFileCommands(parent, context, on);
}

function addStoreCommands(parent: Command, context: Context, result: Result): void {
  const on = actions(context, result);
  parent
    .command('probe')
    .description('check that a store does what is needed of it; writes and removes some small objects')
    .argument('[dest]', 'URL of the store')
    .action(async (url: string | undefined) => {
      await on('stdout', async () => await probe(context, url));
    });
}

function actions(context: Context, result: Result) {
  return async (channel: ErrorChannel, command: () => Promise<string>): Promise<void> => {
    result.exitCode = await runCommand(context, channel, command);
  };
}

// Usage and usage errors go to stdout, as Longhorn's do.
function quiet(command: Command, world: World): void {
  command.exitOverride().configureOutput({ writeOut: world.stdout, writeErr: world.stdout });
  for (const child of command.commands) quiet(child, world);
}
