import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { resolve } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { encodeBackingImageUrl } from '@mooring/api';
import { compressionMethods, createBackingImage, isStoreError, isStoreName } from '@mooring/backupstore';
import { openFileReader } from '@mooring/datapath';
import type { Context } from '../context.ts';
import { CliError } from '../errors.ts';
import { InProgressFile } from '../in-progress-file.ts';
import { labelsFrom } from '../labels.ts';
import { concurrencyFrom, runLong } from '../long-run.ts';

/** Flags of `backing-image create`. */
export interface CreateImageFlags {
  readonly dest?: string;
  readonly name?: string;
  readonly checksum?: string;
  readonly compressionMethod: string;
  readonly concurrentLimit: string;
  readonly label?: readonly string[];
  readonly output?: string;
}

const SHA_512 = /^[0-9a-f]{128}$/;

/**
 * `backing-image create FILE --dest URL --name NAME`: backs up an image, under the SHA-512 of its bytes unless another checksum
 * is given. Prints its URL; with `-o json` more. Killed or interrupted, the same command goes on.
 */
export async function createImage(
  context: Context,
  file: string | undefined,
  flags: CreateImageFlags,
): Promise<string> {
  const dest = required(flags.dest, 'dest URL');
  const name = required(flags.name, 'name');
  const path = resolve(required(file, 'file'));
  const { checksum: given, compressionMethod: method } = flags;
  if (!isStoreName(name)) throw new CliError(`invalid backing image name ${name}`);
  if (given !== undefined && !SHA_512.test(given)) throw new CliError(`invalid checksum ${given}: use 128 hex digits`);
  const compression = compressionMethods.find((known) => known === method);
  if (compression === undefined) throw new CliError(`unsupported compression method: ${method}`);
  const [labels, concurrency] = [labelsFrom(flags.label ?? []), concurrencyFrom(flags.concurrentLimit)];
  const source = await openFileReader(path);
  try {
    const state = new InProgressFile(context.world, { dest, volume: 'BACKINGIMAGE', backup: name });
    const checksum = given ?? (await checksumOf(path));
    const { config, outcome } = await runLong(context, dest, async ({ store, signal, show, log, onWaiting }) =>
      createBackingImage({
        ...{ store, source, name, checksum, compression, labels, concurrency, signal, log, onWaiting },
        inProgress: await state.read(),
        saveInProgress: async (mark) => {
          await state.save(mark);
        },
        onProgress: show,
      }),
    );
    await state.forget();
    const url = encodeBackingImageUrl({ backingImage: name, targetUrl: dest });
    const { size, blockCount, completeTime } = config;
    const more = { name, url, outcome, size, blockCount, checksum: config.checksum, completeTime };
    return flags.output === 'json' ? `${JSON.stringify(more)}\n` : `${url}\n`;
  } catch (error) {
    if (!isStoreError(error, 'Cancelled')) throw error;
    throw new CliError(`backing image '${name}' is paused; the same command goes on`, { cause: error });
  } finally {
    await source.close();
  }
}

async function checksumOf(path: string): Promise<string> {
  const hash = createHash('sha512');
  await pipeline(createReadStream(path, { highWaterMark: 1024 * 1024 }), hash);
  return hash.digest('hex');
}

function required(value: string | undefined, what: string): string {
  if (value !== undefined && value !== '') return value;
  throw new CliError(`cannot find valid required parameter: ${what}`);
}
