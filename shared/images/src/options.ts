import { parseArgs } from 'node:util';
import { IMAGES, isImageName, type ImageName } from './services.ts';

/** What `npm run images` was asked for. */
export interface ImageOptions {
  /** In front of each name; default `ghcr.io`. */
  registry: string;
  /** Absent: the version in package.json. */
  tag?: string;
  /** Whether to push what was built; default false. */
  isPushed: boolean;
  /** Whether to push the base image as well, as `<registry>/node:24-slim`; default false. */
  hasBase: boolean;
  /** Default: all. */
  images: readonly ImageName[];
}

/** The command line is wrong, or asks for help; the message is for the user. */
export class UsageError extends Error {}

const USAGE = `usage: npm run images -- [--registry HOST:PORT] [--tag TAG] [--push] [--base] [SERVICE…]

  --registry HOST:PORT  in front of each name: <registry>/mooring/<service>:<tag> (default ghcr.io)
  --tag TAG             default: the version in package.json
  --push                push what was built
  --base                push the base image too, as <registry>/node:24-slim
  SERVICE…              ${IMAGES.join(', ')} (default all)

Builds with docker where its daemon answers, else with buildah.`;

/** Reads the command line (without node and script). Throws UsageError for what it does not know, and for `--help`. */
export function parseImageOptions(args: readonly string[]): ImageOptions {
  const { values, positionals } = readArguments(args);
  if (values.help === true) throw new UsageError(USAGE);
  const unknown = positionals.find((name) => !isImageName(name));
  if (unknown !== undefined) {
    throw new UsageError(`failed to find image '${unknown}': no such service; choose from ${IMAGES.join(', ')}`);
  }
  return {
    registry: values.registry ?? 'ghcr.io',
    ...(values.tag === undefined ? {} : { tag: values.tag }),
    isPushed: values.push === true,
    hasBase: values.base === true,
    images: positionals.length > 0 ? positionals.filter(isImageName) : IMAGES,
  };
}

function readArguments(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        registry: { type: 'string' },
        tag: { type: 'string' },
        push: { type: 'boolean' },
        base: { type: 'boolean' },
        help: { type: 'boolean', short: 'h' },
      },
    });
  } catch (cause) {
    throw new UsageError(`${cause instanceof Error ? cause.message : String(cause)}\n${USAGE}`, { cause });
  }
}
