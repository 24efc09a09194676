import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { repositoryFolder } from './repository.ts';
import { BASE_IMAGE, type Engine } from './engine.ts';
import { findEngine } from './find-engine.ts';
import { parseImageOptions, UsageError, type ImageOptions } from './options.ts';
import { run, succeeds } from './run.ts';

/** The program behind `npm run images`. */

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

async function packageVersion(): Promise<string> {
  const text = await readFile(join(repositoryFolder, 'package.json'), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}

/** The commit, marked when the tree differs from it; nothing outside a checkout. */
async function revision(): Promise<string> {
  const git = ['-C', repositoryFolder];
  if (!(await succeeds('git', [...git, 'rev-parse']))) return '';
  const commit = (await run('git', [...git, 'rev-parse', 'HEAD'])).trim();
  const changes = await run('git', [...git, 'status', '--porcelain']);
  return changes === '' ? commit : `${commit}-dirty`;
}

async function pushBase(engine: Engine, registry: string): Promise<void> {
  const reference = `${registry}/${BASE_IMAGE}`;
  await engine.tag(`docker.io/library/${BASE_IMAGE}`, reference);
  await engine.push(reference);
  say(`${reference} pushed`);
}

async function buildImages(options: ImageOptions): Promise<void> {
  const engine = await findEngine(say);
  const version = await packageVersion();
  const shared = {
    VERSION: version,
    REVISION: await revision(),
    SOURCE_DATE_EPOCH: process.env['SOURCE_DATE_EPOCH'] ?? '0',
  };
  if (options.hasBase) await pushBase(engine, options.registry);
  for (const service of options.images) {
    const startedAt = performance.now();
    const reference = `${options.registry}/mooring/${service}:${options.tag ?? version}`;
    await engine.build({ reference, buildArgs: { ...shared, SERVICE: service } });
    if (options.isPushed) await engine.push(reference);
    const seconds = ((performance.now() - startedAt) / 1_000).toFixed(1);
    say(`${reference} built${options.isPushed ? ' and pushed' : ''} with ${engine.name} in ${seconds} s`);
  }
}

try {
  await buildImages(parseImageOptions(process.argv.slice(2)));
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = error instanceof UsageError ? 2 : 1;
}
