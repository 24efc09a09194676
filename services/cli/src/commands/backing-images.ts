import { encodeBackingImageUrl } from '@mooring/api';
import { listBackingImages, readBackingImageConfig } from '@mooring/backupstore';
import type { Context } from '../context.ts';
import { CliError } from '../errors.ts';
import { formatGoJson, goMap } from '../go-json.ts';
import { backingImageOf, parseResourceUrl } from '../urls.ts';

/** `backup ls-backing-image DEST`: the names. */
export async function listBackingImageNames(context: Context, url: string | undefined): Promise<string> {
  if (url === undefined) throw new CliError('cannot find valid required parameter: dest URL');
  const store = await context.open(url);
  try {
    const { items, issues } = await listBackingImages(store);
    for (const issue of issues) context.log('warning', `${issue.key}: ${issue.message}`);
    return formatGoJson(items.map((item) => item.name));
  } finally {
    store.close();
  }
}

/** `backup inspect-backing-image URL`: one complete backing image. */
export async function inspectBackingImage(context: Context, text: string | undefined): Promise<string> {
  const url = parseResourceUrl(text, 'backing image URL');
  const name = backingImageOf(url);
  const store = await context.open(url.target);
  try {
    const { config } = await readBackingImageConfig(store, name);
    if (config.completeTime === '') throw new CliError(`backing image ${name} is still in progress`);
    return formatGoJson({
      Name: config.name,
      URL: encodeBackingImageUrl({ backingImage: config.name, targetUrl: url.shown }),
      CompleteAt: config.completeTime,
      Size: config.size,
      Checksum: config.checksum,
      Labels: goMap(config.labels),
      CompressionMethod: config.compressionMethod === '' ? undefined : config.compressionMethod,
      Secret: config.secret,
      SecretNamespace: config.secretNamespace,
    });
  } finally {
    store.close();
  }
}
