export { bundleEntries } from './bundle.ts';
export { bundleCheckout } from './checkout-bundles.ts';
