/** What has a container image: the five services, the mover and the command line, by their folders under `services/`. */
export const IMAGES = [
  'mutating-webhook',
  'validating-webhook',
  'target-controller',
  'volume-controller',
  'backup-controller',
  'mover',
  'cli',
] as const;

/** One of them. */
export type ImageName = (typeof IMAGES)[number];

/** Whether there is an image of that name. */
export function isImageName(name: string): name is ImageName {
  return (IMAGES as readonly string[]).includes(name);
}
