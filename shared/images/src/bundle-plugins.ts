import type { Plugin } from 'esbuild';

// koffi looks for its native module with a `require` of its own making, which esbuild cannot see. Here it is that of this
// platform, with glibc, which Node's own builds and the images have.
const withKoffi: Plugin = {
  name: 'with-koffi',
  setup: (build) => {
    const module = `@koromix/koffi-linux-${process.arch}/linux_${process.arch}/koffi.node`;
    const contents = `export const loadStatic = () => require('${module}');`;
    build.onLoad({ filter: /[\\/]koffi[\\/]src[\\/]koffi[\\/]src[\\/]static\.js$/ }, () =>
      process.platform === 'linux' ? { contents, loader: 'js' } : undefined,
    );
  },
};

// Half a megabyte that Azure's client loads for listings in a format that is never asked for here.
const withoutArrow: Plugin = {
  name: 'without-arrow',
  setup: (build) => {
    build.onLoad({ filter: /[\\/]node_modules[\\/]apache-arrow[\\/]/ }, () => ({
      contents: `export const tableFromIPC = undefined;`,
      loader: 'js',
    }));
  },
};

/** What every bundle is made with. */
export const bundlePlugins: Plugin[] = [withKoffi, withoutArrow];
