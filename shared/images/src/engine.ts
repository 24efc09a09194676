import { repositoryFolder } from './repository.ts';

/** Name of the image that the Dockerfile starts from. */
export const BASE_IMAGE = 'node:24-slim';

/** One image to build with the Dockerfile. */
export interface ImageRequest {
  /** `127.0.0.1:5000/mooring/cli:0.1.0` */
  reference: string;
  /** The Dockerfile's ARGs: `{ SERVICE: 'cli' }`. */
  buildArgs: Readonly<Record<string, string>>;
  /** A folder that stands in for the Dockerfile's stage `bundle`: `out/app/main.js` below it. Absent: that stage is built. */
  bundleFolder?: string;
}

/** A program that builds the Dockerfile and pushes what it built. Each method throws CommandError with its last words. */
export interface Engine {
  readonly name: 'docker' | 'buildah';
  build(request: ImageRequest): Promise<void>;
  push(reference: string): Promise<void>;
  /** Gives a local image a second name. */
  tag(from: string, to: string): Promise<void>;
}

/** The command line's part that docker and buildah have in common. */
export function buildArguments({ reference, buildArgs, bundleFolder }: ImageRequest): string[] {
  const values = Object.entries(buildArgs).flatMap(([name, value]) => ['--build-arg', `${name}=${value}`]);
  const stage = bundleFolder === undefined ? [] : ['--build-context', `bundle=${bundleFolder}`];
  return [...values, ...stage, '--tag', reference, repositoryFolder];
}
