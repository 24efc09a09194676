import type { Command } from 'commander';
import type { CreateImageFlags } from './commands/backing-image-create.ts';
import { inspectBackingImage, listBackingImageNames } from './commands/backing-images.ts';
import type { RemoveFlags } from './commands/backup-remove.ts';
import type { RestoreFlags } from './commands/backup-restore.ts';
import type { VerifyFlags } from './commands/backup-verify.ts';
import type { UploadFlags } from './commands/system-backup-files.ts';
import type { Context, ErrorChannel } from './context.ts';

type Run = (channel: ErrorChannel, command: () => Promise<string>) => Promise<void>;

const JSON_OUTPUT = ['-o, --output <format>', 'json: say what was done'] as const;
const LIMIT = ['--concurrent-limit <number>', 'blocks read at once', '5'] as const;

/** `backup restore-to-file | restore-incremental | rm | verify`. Their code is loaded when one is called. */
export function addDataCommands(backup: Command, context: Context, on: Run): void {
  backup
    .command('restore-to-file')
    .description('restore a backup into a file or block device; killed, the same command goes on')
    .argument('[url]', 'URL of the backup')
    .option('--output-file <file>', 'where to')
    .option('--output-format <format>', 'raw, or qcow2 where qemu-img is installed', 'raw')
    .option(...LIMIT)
    .option(...JSON_OUTPUT)
    .action((url: string | undefined, flags: RestoreFlags) =>
      on('log', async () => (await import('./commands/backup-restore.ts')).restoreToFile(context, url, flags)),
    );
  backup
    .command('restore-incremental')
    .description('write what changed since an earlier backup; holes are what did not')
    .argument('[url]', 'URL of the backup')
    .option('--last-backup <name>', 'the earlier one')
    .option('--output-file <file>', 'where to')
    .option(...LIMIT)
    .option(...JSON_OUTPUT)
    .action((url: string | undefined, flags: RestoreFlags) =>
      on('log', async () => (await import('./commands/backup-restore.ts')).restoreDelta(context, url, flags)),
    );
  backup
    .command('remove')
    .aliases(['rm', 'delete'])
    .description('remove a backup, or with --volume a volume with all its backups')
    .argument('[url]', 'URL of the backup; with --volume that of the store')
    .option('--volume <name>', 'the whole volume')
    .option(...JSON_OUTPUT)
    .action((url: string | undefined, flags: RemoveFlags) =>
      on('stdout', async () => (await import('./commands/backup-remove.ts')).removeFromStore(context, url, flags)),
    );
  backup
    .command('verify')
    .description('check that every block of a backup is there, or with --full sound')
    .argument('[url]', 'URL of the backup')
    .option('--full', 'read every block')
    .option(...LIMIT)
    .option(...JSON_OUTPUT)
    .action((url: string | undefined, flags: VerifyFlags) =>
      on('stdout', async () => (await import('./commands/backup-verify.ts')).verify(context, url, flags)),
    );
  addImageRemoval(backup.command('rm-backing-image'), context, on);
}

/** `backing-image create | ls | inspect | restore | rm`. */
export function addBackingImageCommands(parent: Command, context: Context, on: Run): void {
  addImageCreation(parent.command('create'), context, on);
  parent
    .command('list')
    .alias('ls')
    .description('list backing images')
    .argument('[dest]', 'URL of the store')
    .action((url: string | undefined) => on('stdout', async () => listBackingImageNames(context, url)));
  parent
    .command('inspect')
    .description('show one backing image')
    .argument('[url]', 'URL of the backing image')
    .action((url: string | undefined) => on('log', async () => inspectBackingImage(context, url)));
  parent
    .command('restore')
    .description('restore a backing image into a file; killed, the same command goes on')
    .argument('[url]', 'URL of the backing image')
    .option('--output-file <file>', 'where to')
    .option(...LIMIT)
    .option(...JSON_OUTPUT)
    .action((url: string | undefined, flags: RestoreFlags) =>
      on('log', async () => (await import('./commands/backup-restore.ts')).restoreImage(context, url, flags)),
    );
  addImageRemoval(parent.command('rm'), context, on);
}

/** `system-backup upload | download | delete`. */
export function addSystemBackupFileCommands(parent: Command, context: Context, on: Run): void {
  const load = async () => await import('./commands/system-backup-files.ts');
  parent
    .command('upload')
    .description('upload a system backup')
    .argument('[file]', 'its zip')
    .argument('[url]', '<target>/backupstore/system-backups/<version>/<name>')
    .option('--git-commit <commit>', "Longhorn's")
    .option('--manager-image <image>', "Longhorn's")
    .option('--engine-image <image>', "Longhorn's")
    .action((file: string | undefined, url: string | undefined, flags: UploadFlags) =>
      on('log', async () => (await load()).upload(context, { file, url }, flags)),
    );
  parent
    .command('download')
    .description('download a system backup and prove its checksum')
    .argument('[url]', 'URL of the system backup')
    .argument('[file]', 'where to')
    .action((url: string | undefined, file: string | undefined) =>
      on('log', async () => (await load()).download(context, url, file)),
    );
  parent
    .command('delete')
    .description('remove a system backup')
    .argument('[url]', 'URL of the system backup')
    .action((url: string | undefined) => on('log', async () => (await load()).remove(context, url)));
}

function addImageCreation(command: Command, context: Context, on: Run): void {
  const repeated = (value: string, before: readonly string[] = []): readonly string[] => [...before, value];
  command
    .description('back up a backing image; killed, the same command goes on')
    .argument('[file]', 'the image, raw or qcow2, of any size')
    .option('--dest <url>', 'URL of the store')
    .option('--name <name>', 'of the backing image in the store')
    .option('--checksum <sha512>', 'recorded; default: made from the file')
    .option('--compression-method <method>', 'none, gzip or lz4', 'lz4')
    .option('--concurrent-limit <number>', 'blocks written at once', '1')
    .option('--label <key=value>', 'may be given several times', repeated)
    .option(...JSON_OUTPUT)
    .action((file: string | undefined, flags: CreateImageFlags) =>
      on('log', async () => (await import('./commands/backing-image-create.ts')).createImage(context, file, flags)),
    );
}

function addImageRemoval(command: Command, context: Context, on: Run): void {
  command
    .description('remove a backing image')
    .argument('[url]', 'URL of the backing image')
    .option(...JSON_OUTPUT)
    .action((url: string | undefined, flags: RemoveFlags) =>
      on('stdout', async () => (await import('./commands/backup-remove.ts')).removeImage(context, url, flags)),
    );
}
