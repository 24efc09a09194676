import { copyFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { build, type BuildOptions, type Metafile } from 'esbuild';
import { bundlePlugins } from './bundle-plugins.ts';
import { moveLicences } from './licences.ts';
import { repositoryFolder } from './repository.ts';

/** CommonJS dependencies call `require` for Node's own modules; ESM has none. */
const BANNER =
  "import { createRequire as mooringCreateRequire } from 'node:module';" +
  'const require = mooringCreateRequire(import.meta.url);';

/** Makes Node read `main.js` as ESM. */
export const PACKAGE = `${JSON.stringify({ private: true, type: 'module' })}\n`;

/**
 * How every bundle is made: ESM for Node 24, code that is loaded lazily in chunks of its own, native modules copied
 * beside. In one file instead, `mooring --help` takes 102 MiB for 58 and 0.17 s for 0.07 (2026-11-21): Node reads and
 * keeps all of it. Not minified: stack traces stay readable.
 */
const bundleOptions = {
  absWorkingDir: repositoryFolder,
  bundle: true,
  splitting: true,
  format: 'esm',
  platform: 'node',
  target: 'node24',
  banner: { js: BANNER },
  loader: { '.node': 'copy' },
  plugins: bundlePlugins,
  legalComments: 'none',
  metafile: true,
  logLevel: 'silent',
} satisfies BuildOptions;

/**
 * Bundles several entries, by name, with shared chunks into `<folder>/<name>.mjs`: for programs that run from this
 * checkout. Returns esbuild's account of the inputs; throws its BuildFailure.
 */
export async function bundleEntries(entries: Readonly<Record<string, string>>, folder: string): Promise<Metafile> {
  const { metafile } = await build({
    ...bundleOptions,
    entryPoints: { ...entries },
    outdir: folder,
    outExtension: { '.js': '.mjs' },
  });
  return metafile;
}

/** What to bundle, and where to. */
export interface BundleRequest {
  /** A folder under `services/`. */
  service: string;
  /**
   * Replaced. Holds afterwards `main.js`, its chunks, `package.json`, `sbom.cdx.json` (CycloneDX), `LICENSE` and
   * `THIRD-PARTY-LICENSES`.
   */
  folder: string;
}

/** Bundles one service for its image and returns esbuild's account of the inputs; throws esbuild's BuildFailure. */
export async function bundleService({ service, folder }: BundleRequest): Promise<Metafile> {
  await rm(folder, { recursive: true, force: true });
  const list = join(folder, 'sbom.cdx.json');
  const { contentsList } = await import('./contents-list.ts');
  const { metafile } = await build({
    ...bundleOptions,
    entryPoints: { main: join('services', service, 'src', 'main.ts') },
    outdir: folder,
    plugins: [...bundlePlugins, contentsList(list)],
  });
  await writeFile(join(folder, 'package.json'), PACKAGE);
  await moveLicences(list, join(folder, 'THIRD-PARTY-LICENSES'));
  await copyFile(join(repositoryFolder, 'LICENSE'), join(folder, 'LICENSE'));
  return metafile;
}
