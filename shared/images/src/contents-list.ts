import { cyclonedxEsbuildPlugin } from '@cyclonedx/cyclonedx-esbuild';

/** Writes what is in a bundle to `outputFile`, with versions and licence texts: CycloneDX, from esbuild's account of what it took. */
export function contentsList(outputFile: string) {
  return cyclonedxEsbuildPlugin({ outputFile, specVersion: '1.6', outputReproducible: true, gatherLicenseTexts: true });
}
