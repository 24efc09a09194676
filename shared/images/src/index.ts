export { bundleEntries } from './bundle.ts';
export { IMAGES, type ImageName } from './services.ts';
